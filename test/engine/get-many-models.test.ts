import { inLab } from './lab';
import { SORA, sora } from './support';

const models = (more: object = {}) => sora({ operation: 'getManyModels', options: undefined, ...more });
const found = (json: Array<Record<string, unknown>>, id: string) => json.find((model) => model.id === id);

test.concurrent(
	'each model comes out with name, price and whether this key may use it; nothing is charged',
	() =>
		inLab(async (lab) => {
			const run = await lab.run(models());
			expect(run.error).toBeUndefined();
			const json = run.json(SORA);
			expect(json.length).toBeGreaterThan(80);
			expect(found(json, 'sora-2-preview')).toMatchObject({
				name: 'Sora 2 Preview',
				tasks: 'text, image',
				credits: 46.08,
				seconds: 8,
				usd: 0.68,
			});
			for (const model of json) expect([true, false]).toContain(model.served);
			for (const { served, reason } of json) expect(typeof reason).toBe(served ? 'undefined' : 'string');
			expect(run.output(SORA).every(({ pairedItem }) => JSON.stringify(pairedItem) === '{"item":0}')).toBe(
				true,
			);
			expect(lab.paid).toEqual([]);
		}),
);

test.concurrent('Search narrows the list for each item; Include Fields adds names, kinds and limits', () =>
	inLab(async (lab) => {
		const node = models({ modelSearch: '={{ $json.which }}', includeFields: true });
		const items = [{ json: { which: 'KLING' } }, { json: { which: 'sora-2-preview' } }];
		const run = await lab.run(node, items);
		const json = run.json(SORA);
		expect(json.slice(0, -1).every(({ name }) => String(name).includes('Kling'))).toBe(true);
		const { fields } = json.at(-1) as { fields: unknown[] };
		expect(fields).toContainEqual(
			expect.objectContaining({ name: 'duration', type: 'integer', allowed: [4, 8, 12], required: false }),
		);
		expect(run.output(SORA).at(-1)!.pairedItem).toEqual({ item: 1 });
	}),
);

test.concurrent(
	'where EvoLink does not answer, the models that the package knows come all the same, and a hint says so',
	() =>
		inLab(async (lab) => {
			lab.evolink.fault('catalogue', { kind: 'http', status: 500 });
			const run = await lab.run(models());
			expect(run.status).toBe('success');
			expect(found(run.json(SORA), 'sora-2-preview')).toMatchObject({
				served: null,
				credits: 23.04,
				seconds: 4,
			});
			expect(run.hints(SORA).map(({ message }) => message)).toEqual([
				'EvoLink did not answer: it is not known which models it serves.',
			]);
		}),
);
