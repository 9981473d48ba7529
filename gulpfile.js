const { src, dest } = require('gulp');

/** A pattern for each: gulp walks all of the checkout, an n8n installed for tests included, for one that begins with braces. */
const ICONS = ['nodes', 'credentials', 'icons'].map((folder) => `${folder}/**/*.{svg,png}`);

/** Copies the icons beside the compiled code; `encoding: false` keeps gulp 5 from touching the bytes. */
function buildIcons() {
	return src(ICONS, { encoding: false, base: '.' }).pipe(dest('dist'));
}

exports['build:icons'] = buildIcons;
