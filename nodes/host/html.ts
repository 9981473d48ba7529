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
