import type { TaskScript } from '../../stand-in';
import { binaryOf } from '../../tools/n8n-engine';
import { inLab } from './lab';
import { SORA, hintsOf, sora } from './support';

const VIDEO = 'https://media.example.com/me.mp4';
const character = (more: object = {}, node: object = {}) =>
	sora({ operation: 'character', videoUrl: '={{ $json.url }}', ...more }, node);
const items = (...urls: string[]) => urls.map((url) => ({ json: { url } }));

test.concurrent('a video becomes a character: its name, its picture and the picture as a file', () =>
	inLab(async (lab) => {
		const run = await lab.run(character({ download: true, timestamps: '1, 2.5' }), items(VIDEO));
		const [item] = run.output(SORA);
		expect(item!.json).toMatchObject({
			id: lab.ids[0],
			status: 'completed',
			character: { name: expect.any(String), profilePictureUrl: expect.stringMatching(/^http/) },
		});
		expect(await binaryOf(item!)).toMatchObject({ mimeType: 'image/jpeg' });
		expect(lab.creates[0]!.body).toEqual({
			model: 'sora-character',
			video_url: VIDEO,
			timestamps: '1,2.5',
		});
	}),
);

test.concurrent('result data in a list is read like an object', () =>
	inLab(async (lab) => {
		lab.evolink.script('', { resultData: 'array' });
		const run = await lab.run(character(), items(VIDEO));
		expect(run.json(SORA)).toMatchObject([{ character: { name: expect.any(String) } }]);
	}),
);

test.concurrent('a name without a picture is a character: it goes on without a file', () =>
	inLab(async (lab) => {
		const extra = { results: [], result_data: { character_name: 'chr_1#' } };
		lab.evolink.script('', { extra });
		const run = await lab.run(character({ download: true }), items(VIDEO));
		expect(run.error).toBeUndefined();
		expect(run.json(SORA)).toMatchObject([{ id: lab.ids[0], character: { name: 'chr_1#' } }]);
		expect(run.output(SORA)[0]!.binary).toBeUndefined();
		expect(run.json(SORA)[0]).not.toHaveProperty('resultUrl');
	}),
);

test.concurrent.each<[string, TaskScript['media']]>([
	['is gone', { status: 404 }],
	['is a page', { body: 'html' }],
])('a name whose picture %s is a character: it goes on, and says why there is no file', (_, media) =>
	inLab(async (lab) => {
		lab.evolink.script('', { media });
		const run = await lab.run(character({ download: true }), items(VIDEO));
		expect(run.status).toBe('success');
		const [item] = run.output(SORA);
		expect(item!.json).toMatchObject({
			id: lab.ids[0],
			character: { name: expect.any(String) },
			downloadError: expect.stringContaining(lab.ids[0]!),
		});
		expect(item!.binary).toBeUndefined();
		expect(run.hints(SORA)).toContainEqual(
			expect.objectContaining({ type: 'warning', message: item!.json.downloadError }),
		);
	}),
);

test.concurrent('EvoLink is asked for no callback, not even by a run that parks', () =>
	inLab(async (lab) => {
		const run = await lab.run(character({ wait: 'auto', waitMode: 'suspend' }), items(VIDEO));
		expect(run.status).toBe('waiting');
		expect(lab.creates[0]!.body).not.toHaveProperty('callback_url');
		expect(hintsOf(run)).toEqual([
			expect.stringContaining(
				'The execution is suspended until the tasks have ended: a timer checks them, because EvoLink sends no callback for these tasks.',
			),
		]);
	}),
);
