import minBy from 'lodash/minBy';

/** Values as sheets, forms and other APIs write them: what can mean one choice only is taken for it. */

type Value = string | number;

/** A value that a field takes. `note` says what it is in words: 'Portrait, exact pixels'. */
interface Choice {
	value: Value;
	name?: string;
	note?: string;
}

/** Nothing but blanks, the invisible ones included, or nothing at all. */
export function isBlank(given: unknown): boolean {
	return given === undefined || given === null || (typeof given === 'string' && plain(given) === '');
}

/** Without what cannot be seen, full-width signs and capitals: `１６：９ ` is `16:9`. */
function plain(given: string): string {
	const visible = given.normalize('NFKC').replace(/[\u200B-\u200D\u2060\uFEFF]/g, '');
	return visible.trim().replace(/\s+/g, ' ').toLowerCase();
}

/** `1280×720`, `1280 x 720` and `1280:720` are one; so are `8`, `8.0`, `8s` and `8 seconds`, or `720` and `720P`. */
function keyOf(given: Value, isAmount: boolean): string {
	const text = plain(String(given)).replace(/(\d) ?[:x×∶/] ?(?=\d)/g, '$1:');
	const unit = isAmount ? /^(\d+)(?:\.0+)? ?(?:s|secs?|seconds?)?$/ : /^(\d+) ?p?$/;
	return unit.exec(text)?.[1] ?? text;
}

/** The only choice that a cell can mean; `undefined` if there is none, or more than one. */
export function meant(given: unknown, choices: readonly Choice[]): Value | undefined {
	if (typeof given !== 'string' && typeof given !== 'number') return undefined;
	if (choices.some(({ value }) => value === given)) return given;
	const fits = choices.filter(({ value, name }) => {
		const isAmount = typeof value === 'number';
		return keyOf(value, isAmount) === keyOf(given, isAmount) || isNamed(name, given);
	});
	return fits.length === 1 ? fits[0].value : undefined;
}

const isNamed = (name: string | undefined, given: Value) =>
	name !== undefined && plain(name) === plain(String(given));

export function amount(given: string): number | undefined {
	const [, digits] = /^(-?\d+(?:\.\d+)?) ?(?:s|secs?|seconds?)?$/.exec(plain(given)) ?? [];
	return digits === undefined ? undefined : Number(digits);
}

const SAME: Readonly<Record<string, string>> = { vertical: 'portrait', horizontal: 'landscape' };

/** What to say of a cell that none of the choices fits; `undefined` if there is nothing of use. */
export function nearest(given: unknown, choices: readonly Choice[]): string | undefined {
	if (isBlank(given) || (typeof given !== 'string' && typeof given !== 'number')) return undefined;
	const shapes = choices.flatMap(({ value }) => (shapeOf(value) === undefined ? [] : [value]));
	if (shapes.length > 0 && isTime(given)) return `'${given}' looks like a time: format the column as text`;
	const word = plain(String(given));
	const noted = choices.find(({ note = '' }) => plain(note).split(/[^a-z]/)[0] === (SAME[word] ?? word));
	if (noted) return `${given} is ${noted.value}`;
	const shape = shapeOf(given);
	const alike = shapes.find((value) => shape !== undefined && Math.abs(shapeOf(value)! / shape - 1) < 0.01);
	if (alike !== undefined) return `${given} has the shape of ${alike}`;
	return nearestNumber(given, choices);
}

/** Width through height; `undefined` for what is no ratio. */
function shapeOf(value: Value): number | undefined {
	const [, width, height] = /^(\d+):(\d+)$/.exec(keyOf(value, false)) ?? [];
	return Number(height) > 0 && Number(width) > 0 ? Number(width) / Number(height) : undefined;
}

/** What a sheet makes of `16:9`: `16:09:00`, `16:09`, a part of a day, or a moment of 1899. */
function isTime(given: Value): boolean {
	if (typeof given === 'number') return given > 0 && given < 1;
	return /^\d{1,2}:\d\d:\d\d|^\d{1,2}:0\d$|^0\.\d+$|^\d{4}-\d\d-\d\dT/.test(given.trim());
}

function nearestNumber(given: Value, choices: readonly Choice[]): string | undefined {
	const wanted = amount(String(given));
	const numbers = choices.flatMap(({ value }) => (typeof value === 'number' ? [value] : []));
	if (wanted === undefined || numbers.length === 0) return undefined;
	return `${minBy(numbers, (each) => Math.abs(each - wanted))} is the nearest`;
}
