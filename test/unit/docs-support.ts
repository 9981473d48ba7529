import { readdirSync } from 'node:fs';
import path from 'node:path';

import { ROOT, text } from './package-support';

const SKIPPED = /^(node_modules|dist|coverage|demo-output|reports)$|^\.(?!github$)/;

function markdownBelow(folder: string): string[] {
	return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
		const file = path.posix.join(folder, entry.name);
		if (entry.isDirectory()) return SKIPPED.test(entry.name) ? [] : markdownBelow(file);
		return entry.name.endsWith('.md') ? [file] : [];
	});
}

/** Every Markdown file of the checkout. */
export const pages = markdownBelow('.');
/** A page without its code blocks. */
export const withoutCode = (page: string) => text(page).replace(/^```[\s\S]*?^```/gm, '');

/** The cells of every table of a page whose first heading is one of `first`. */
export function tableRows(page: string, first: string[]): string[][] {
	const cells = (line: string) =>
		line
			.split('|')
			.slice(1, -1)
			.map((cell) => cell.trim());
	return withoutCode(page)
		.split(/\n(?!\|)/)
		.map((block) => block.split('\n').filter((line) => line.startsWith('|')))
		.filter(([head]) => head !== undefined && first.includes(cells(head)[0]!.toLowerCase()))
		.flatMap(([, , ...rows]) => rows.map(cells));
}

/** The hand-written code of the nodes as one line of text. */
export const sources = readdirSync(path.join(ROOT, 'nodes'), { recursive: true })
	.map((file) => `nodes/${String(file)}`)
	.filter((file) => file.endsWith('.ts') && !file.includes('generated'))
	.map(text)
	.join(' ')
	.replace(/\\(['"])/g, '$1')
	.replace(/\s+/g, ' ');
