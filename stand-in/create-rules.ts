import type { ErrorObject } from 'ajv';
import { callbackUrlProblem } from './callbacks';
import { Refusal } from './answer';
import type { Facts, Spec } from './spec';
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
	// decimal fractions: 4.4 - 2.4 is a trace above 2
	const span = points[points.length - 1] - points[0] - 1e-9;
	if (!rising || points.length < minPoints || span > maxSpanSeconds) {
		throw new Refusal(400, {
			message: `timestamps must be rising seconds that span at most ${maxSpanSeconds}`,
			param: 'timestamps',
		});
	}
}

/** Field and words for the first complaint; of a create body's alternatives only the model's own one counts. */
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
	const { missingProperty, additionalProperty, allowedValues } = error.params as Json;
	const path = error.instancePath.split('/').slice(2).join('/');
	const param = String(missingProperty ?? additionalProperty ?? path);
	const allowed = Array.isArray(allowedValues) ? `: ${allowedValues.join(', ')}` : '';
	return { param, message: `Invalid ${param || 'request'}: ${error.message}${allowed}` };
}
