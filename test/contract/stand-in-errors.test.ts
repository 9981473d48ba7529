import { PLACES } from '../../stand-in/api';
import { at, spec, type JsonObject } from './openapi';
import { client, evolink, standInForEachTest } from './stand-in-client';

standInForEachTest();

const calls = {
	create: () => client.create({ model: 'sora-2-preview', prompt: 'a cat' }),
	read: () => client.call('GET', '/v1/tasks/task-unified-1-a'),
	credits: () => client.call('GET', '/v1/credits'),
};

interface Documented {
	operationId: string;
	place: keyof typeof calls;
	status: number;
	generation: 'new' | 'old';
	error: JsonObject;
}

const documented = Object.entries(spec.paths as JsonObject).flatMap(([path, methods]) =>
	Object.keys(methods as JsonObject).flatMap((method) => {
		const operationId = String(at('paths', path, method).operationId);
		const place = PLACES[operationId] as keyof typeof calls;
		return place in calls ? errorsOf(['paths', path, method], { operationId, place }) : [];
	}),
);

/** The files host has its own form of an error, which `refused` faults spell out. */
function errorsOf(path: string[], operation: Pick<Documented, 'operationId' | 'place'>): Documented[] {
	const errors = Object.keys(at(...path, 'responses')).filter((status) => Number(status) >= 400);
	return errors.flatMap((status) =>
		Object.values(at(...path, 'responses', status, 'content', 'application/json', 'examples')).map(
			(example) => {
				const { error } = (example as { value: { error: JsonObject } }).value;
				const generation = typeof error.code === 'number' ? 'old' : 'new';
				return { ...operation, status: Number(status), generation, error };
			},
		),
	);
}

test.each(documented)(
	'the documented error comes back word for word: $operationId $status $error.code',
	async ({ place, status, generation, error }) => {
		evolink.fault(place, { kind: 'http', status, generation, code: error.code as string | number });
		const reply = await calls[place]();
		expect([reply.status, reply.json]).toEqual([status, { error }]);
	},
);

/** Where a response shows several of one generation, the first is the one for want of a code. */
const first = documented.filter(
	(one, index) =>
		documented.findIndex(
			({ operationId, status, generation }) =>
				operationId === one.operationId && status === one.status && generation === one.generation,
		) === index,
);

test.each(first)(
	'… and without its code being given: $operationId $status $error.code',
	async ({ place, status, generation, error }) => {
		evolink.fault(place, { kind: 'http', status });
		evolink.errorGeneration = generation;
		expect((await calls[place]()).json).toEqual({ error });
	},
);

test.each([
	['new', 404, { code: 'not_found', message: 'Specified model not found' }],
	['new', 413, { code: 'request_too_large', message: 'Image file too large' }],
	['old', 409, { code: 409, message: 'Idempotency key was already used with a different request' }],
] as const)(
	'what only one generation documents is made from it for the other: %s %d',
	async (...expected) => {
		const [generation, status, error] = expected;
		evolink.fault('create', { kind: 'http', status, generation });
		expect((await calls.create()).json?.error).toMatchObject(error);
	},
);
