const { src, dest } = require('gulp');

/** Copies the icons beside the compiled code; `encoding: false` keeps gulp 5 from touching the bytes. */
function buildIcons() {
	return src('{nodes,credentials,icons}/**/*.{svg,png}', { encoding: false, base: '.' }).pipe(dest('dist'));
}

exports['build:icons'] = buildIcons;
