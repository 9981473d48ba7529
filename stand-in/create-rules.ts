import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import { callbackUrlProblem } from './callbacks';
import { Refusal } from './answer';
import type { Entries, EntryField, Facts, Spec } from './spec';
import type { Json } from './types';

/** Rules for a create body that JSON Schema cannot express. Throws the refusal. */
export function checkBeyondSchema(body: Json, { callback, characterVideo }: Facts): void {
	const problem =
		typeof body.callback_url === 'string' ? callbackUrlProblem(body.callback_url, callback) : undefined;
	if (problem) throw new Refusal(400, { message: problem, param: 'callback_url' });
	if (typeof body.timestamps !== 'string') return;
	const points = body.timestamps.split(',').map(Number);
	const { minPoints, maxSpanSeconds } = characterVideo.timestamps;
	const rising = points.every((point, at) => at === 0 || point > points[at - 1]);
	// floating point: 4.4 - 2.4 is slightly more than 2
	const span = points[points.length - 1] - points[0] - 1e-9;
	if (!rising || points.length < minPoints || span > maxSpanSeconds) {
		throw new Refusal(400, {
			message: `timestamps must be rising seconds that span at most ${maxSpanSeconds}`,
			param: 'timestamps',
		});
	}
}

/** Field and text of the first complaint; of a create body's alternatives only the one of its model counts. */
export function complaint(
	{ facts, requestSchemas }: Spec,
	operationId: string,
	body: Json | undefined,
	errors: ErrorObject[],
): { param: string; message: string } {
	const model = typeof body?.model === 'string' ? body.model : '';
	const name = facts.models[model]?.schema ?? 'CustomModelRequest';
	const branch = `/oneOf/${requestSchemas.indexOf(name)}/`;
	const own = errors.filter(({ schemaPath }) => schemaPath.includes(branch));
	const [error] = operationId === 'createVideoTask' && own.length > 0 ? own : errors;
	return wordsOf(error, error.instancePath.split('/').slice(2).join('/'));
}

function wordsOf(error: ErrorObject, path: string): { param: string; message: string } {
	const { missingProperty, additionalProperty, allowedValues } = error.params as Json;
	const param = String(missingProperty ?? additionalProperty ?? path);
	const allowed = Array.isArray(allowedValues) ? `: ${allowedValues.join(', ')}` : '';
	return { param, message: `Invalid ${param || 'request'}: ${error.message}${allowed}` };
}

const ajv = new Ajv({ strict: false });
const validators = new Map<string, ValidateFunction>();

/** The rules of `models.json` for a create body; models whose fields are not known pass. Throws the refusal. */
export function checkByEntry(body: Json, entries: Entries): void {
	const model = String(body.model);
	const { callback, fields } = Object.hasOwn(entries, model) ? entries[model] : {};
	if (fields === undefined) return;
	const fits = validators.get(model) ?? ajv.compile(bodySchema(fields, callback));
	validators.set(model, fits);
	const [error] = fits(body) ? [] : (fits.errors ?? []);
	if (error) throw new Refusal(400, wordsOf(error, error.instancePath.slice(1)));
}

function bodySchema(fields: Record<string, EntryField>, takesCallback = true): object {
	const own = { model: { type: 'string' }, ...(takesCallback && { callback_url: { type: 'string' } }) };
	const { properties, required } = objectSchema(fields);
	return { type: 'object', properties: { ...own, ...properties }, required, additionalProperties: false };
}

function objectSchema(fields: Record<string, EntryField> = {}) {
	const entries = Object.entries(fields);
	return {
		type: 'object',
		properties: Object.fromEntries(entries.map(([name, field]) => [name, fieldSchema(field)])),
		required: entries.filter(([, { required }]) => required).map(([name]) => name),
	};
}

function fieldSchema(field: EntryField): object {
	const { also, enum: choices } = field;
	const schema = choices ? { enum: choices } : typeSchema(field);
	return also ? { anyOf: [schema, { enum: also }] } : schema;
}

function typeSchema({ type, min, max, minLength = 0, format, ...field }: EntryField): object {
	const text = { type: 'string', minLength, ...(format && { pattern: '^https?://' }) };
	const { minItems = 0, maxItems } = field;
	const list = (items: object) => ({ type: 'array', items, minItems, ...(maxItems && { maxItems }) });
	if (type === 'string') return text;
	if (type === 'string[]') return list(text);
	if (type === 'object[]') return list(objectSchema(field.itemFields));
	if (type === 'object') return objectSchema(field.fields);
	return { type, ...(min !== undefined && { minimum: min }), ...(max !== undefined && { maximum: max }) };
}
