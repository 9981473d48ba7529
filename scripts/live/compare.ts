import type { Exchange, Json } from './side';

/** Deeper parts of an answer count as one thing: what is in them differs from model to model. */
const DEPTH = 5;

/** What an error says is compared as it stands, because clients go by it. */
const COMPARED_VALUES = ['code', 'type', 'param'];

/** Path of each part of a value → its types, such as `data[].id` → `string`. */
function shapeOf(
	value: unknown,
	path = '',
	shape = new Map<string, Set<string>>(),
): Map<string, Set<string>> {
	const kind = value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value;
	shape.set(path, (shape.get(path) ?? new Set()).add(kind));
	if (path.split('.').length >= DEPTH || value === null || typeof value !== 'object') return shape;
	if (Array.isArray(value)) for (const entry of value) shapeOf(entry, `${path}[]`, shape);
	else
		for (const [name, inner] of Object.entries(value)) shapeOf(inner, path ? `${path}.${name}` : name, shape);
	return shape;
}

const told = (types: Set<string> | undefined) => (types ? [...types].sort().join(' or ') : 'absent');

/** Where two answers have other parts, or parts of other types. Nothing is known of the entries of an empty list. */
function shapeDifferences(theirs: unknown, ours: unknown): string[] {
	const [their, our] = [shapeOf(theirs), shapeOf(ours)];
	const emptyIn = (shape: Map<string, unknown>, path: string) =>
		[...path.matchAll(/\[\]/g)].some(({ index }) => {
			const list = path.slice(0, index);
			return shape.has(list) && !shape.has(`${list}[]`);
		});
	return [...new Set([...their.keys(), ...our.keys()])]
		.filter((path) => !emptyIn(their, path) && !emptyIn(our, path))
		.filter((path) => {
			const parent = path.replace(/(\[\]|\.?[^.[\]]+)$/, '');
			return path === '' || (their.has(parent) && our.has(parent));
		})
		.filter((path) => told(their.get(path)) !== told(our.get(path)))
		.map((path) => `${path || 'body'}: ${told(their.get(path))} / ${told(our.get(path))}`);
}

const errorOf = ({ reply }: Exchange) => (((reply.body ?? {}) as Json).error ?? {}) as Json;

/** What EvoLink answered otherwise than the stand-in, each as `what: EvoLink / stand-in`. */
export function differences(theirs: Exchange, ours: Exchange): string[] {
	const { reply: their } = theirs;
	const { reply: our } = ours;
	if (their.status !== our.status) {
		const word = (exchange: Exchange) =>
			[
				exchange.reply.status || `no answer (${String(exchange.reply.body)})`,
				errorOf(exchange).code ?? '',
				errorOf(exchange).param ?? '',
			]
				.join(' ')
				.trim();
		return [`${word(theirs)} / ${word(ours)}`];
	}
	const names = [...new Set([...Object.keys(their.headers), ...Object.keys(our.headers)])];
	const headers = names
		.filter((name) => name in their.headers !== name in our.headers)
		.map((name) => `header ${name}: ${their.headers[name] ?? 'absent'} / ${our.headers[name] ?? 'absent'}`);
	const words = COMPARED_VALUES.filter((name) => errorOf(theirs)[name] !== errorOf(ours)[name]).map(
		(name) => `error.${name}: ${String(errorOf(theirs)[name])} / ${String(errorOf(ours)[name])}`,
	);
	return [...headers, ...words, ...shapeDifferences(their.body, our.body)];
}
