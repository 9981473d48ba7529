/** Markup that is safe to show. Everything else that goes into `markup` is escaped. */
export class Html {
	constructor(readonly text: string) {}
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Attributes are written in double quotes, so apostrophes may stay. */
export function escaped(text: string): string {
	return text.replace(/[&<>"]/g, (character) => ENTITIES[character]);
}

type Part = Html | string | number | undefined | false | readonly Part[];

function textOf(part: Part): string {
	if (part === undefined || part === false) return '';
	if (part instanceof Html) return part.text;
	return Array.isArray(part) ? part.map(textOf).join('') : escaped(String(part));
}

/** A template whose values are escaped, unless they are markup themselves; lists are joined, what is not there is left out. */
export function markup(template: TemplateStringsArray, ...parts: Part[]): Html {
	return new Html(String.raw({ raw: template }, ...parts.map(textOf)));
}

/** `95 s`, `12 min`, `2 h 5 min`. */
export function inWords(ms: number): string {
	const seconds = Math.max(Math.round(ms / 1000), 0);
	if (seconds < 120) return `${seconds} s`;
	const minutes = Math.round(seconds / 60);
	if (minutes < 60) return `${minutes} min`;
	return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`;
}
