import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MediaScript, StandInTask } from '../../stand-in';
import manifest from '../../package.json';
import { binaryOf } from '../../tools/n8n-engine';
import { fragments, mp4, png, webm, webp } from './media-files';
import { labForFile } from './lab';
import { answerFor, linkTo } from './media-support';
import { SORA, errorsOf, errorTextOf, hintsOf } from './support';

const CLIP = readFileSync(join(__dirname, '../../stand-in/assets/clip.mp4'));
const PICTURE = readFileSync(join(__dirname, '../../stand-in/assets/profile.jpg'));

const lab = labForFile();

beforeAll(() => linkTo(lab.evolink, 'https://media.example.test', 'public'));

describe('the file', () => {
	test('arrives whole in the binary store, with name, type and size', async () => {
		const run = await lab.make({ prompt: 'whole' });
		const { id } = lab.taskOf('whole');
		const item = run.output('After')[0]!;
		const file = await binaryOf(item);
		expect(file).toMatchObject({ fileName: `${id}.mp4`, mimeType: 'video/mp4', bytes: CLIP.length });
		expect((await file.buffer()).equals(CLIP)).toBe(true);
		expect(item.binary!.data).toMatchObject({ fileExtension: 'mp4', bytes: CLIP.length });
		expect(item.pairedItem).toMatchObject({ item: 0 });
	});

	test('goes into the field that each item names, and only where the item wants it', async () => {
		const items = [
			{ json: { prompt: 'each one', keep: true, field: 'first' } },
			{ json: { prompt: 'each two', keep: false, field: 'second' } },
			{ json: { prompt: 'each three', keep: true, field: 'third' } },
		];
		const parameters = { prompt: '={{ $json.prompt }}', download: '={{ $json.keep }}' };
		const run = await lab.make({ ...parameters, binaryField: '={{ $json.field }}' }, { items });
		const fields = run.output('After').map(({ binary }) => Object.keys(binary ?? {}));
		expect(fields).toEqual([['first'], [], ['third']]);
	});

	test('is in the binary store only: the item holds links, never bytes', async () => {
		const item = (await lab.make({ prompt: 'no bytes' })).output('After')[0]!;
		expect(JSON.stringify(item.json).length).toBeLessThan(2000);
		expect(JSON.stringify(item)).not.toContain(CLIP.toString('base64').slice(0, 40));
		expect(item.binary!.data!.data).toMatch(/^filesystem/);
	});

	test('is asked for with a User-Agent and without the key', async () => {
		await lab.make({ prompt: 'headers' });
		const seen = lab.evolink.requests.filter(({ path }) => path.includes(lab.taskOf('headers').id));
		const media = seen.filter(({ operationId }) => operationId === 'media');
		expect(media).toHaveLength(1);
		for (const { headers } of seen)
			expect(headers['user-agent']).toBe(`n8n-nodes-evolink-sora/${manifest.version}`);
		expect(media[0]!.headers.authorization ?? 'missing').toBe('missing');
	});

	test("lands in the field that 'Output Data Field Name' says, and the input's own files stay away", async () => {
		const run = await lab.make(
			{ prompt: 'field', binaryField: 'clip' },
			{ items: [{ json: {}, binary: { old: { data: 'eA==', mimeType: 'text/plain' } } }] },
		);
		expect(Object.keys(run.output(SORA)[0]!.binary!)).toEqual(['clip']);
	});

	test('is not fetched when Download is off, and its link is in the output', async () => {
		const before = lab.evolink.mediaStats.requests;
		const run = await lab.make({ prompt: 'no file', download: false });
		expect(run.output(SORA)[0]!.binary).toBeUndefined();
		expect(run.json(SORA)[0]!.videoUrl).toContain(lab.taskOf('no file').id);
		expect(lab.evolink.mediaStats.requests).toBe(before);
	});

	test('of a finished task comes with Get Task', async () => {
		await lab.make({ prompt: 'later', wait: 'none' });
		const { id } = lab.taskOf('later');
		const run = await lab.make({ operation: 'getTask', taskId: id, wait: 'none', download: true });
		expect((await binaryOf(run.output(SORA)[0]!)).bytes).toBe(CLIP.length);
	});
});

describe('what is no video', () => {
	const cases: Array<[order: string, reason: string]> = [
		['media html', 'a web page where a video was expected'],
		['media json', 'JSON where a video was expected'],
		['media 403', '403: result links expire after 24 hours'],
		['media 404', '404: result links expire after 24 hours'],
		['media 410', '410: result links expire after 24 hours'],
		['media endless', 'larger than 1 MB'],
		['media megabytes 2', 'larger than 1 MB'],
	];
	const prompts = cases.map(([order]) => `bad [stand-in: ${order}]`);
	const expectExplained = (texts: Array<string | undefined>) => {
		expect(texts).toHaveLength(cases.length);
		for (const [index, [, reason]] of cases.entries()) {
			const { id } = lab.taskOf(prompts[index]!);
			expect(texts[index]).toContain(`Task ${id} completed, but its file could not be downloaded`);
			expect(texts[index]).toContain(reason);
			expect(texts[index]).toContain(`/media/stand-in/${id}.mp4`);
		}
	};

	test('is refused with the reason, the task and its link', async () => {
		const run = await lab.makeAll(prompts, { options: { maxDownloadMb: 1 } });
		expectExplained(run.output(SORA).map(errorTextOf));
		expect(run.output(SORA).every(({ binary }) => binary === undefined)).toBe(true);
		expect(lab.evolink.mediaStats.openConnections).toBe(0);
	});

	test('stops the workflow with the reason, the task, its link and the tasks of the others (On Error = stop)', async () => {
		const run = await lab.makeAll(['fine', prompts[0]!], {}, { onError: 'stopWorkflow' });
		const [fine, bad] = [lab.taskOf('fine').id, lab.taskOf(prompts[0]!).id];
		expect(run.status).toBe('error');
		expect(run.error?.message).toContain(`Task ${bad} completed, but its file could not be downloaded`);
		expect(run.errorText).toContain(`/media/stand-in/${bad}.mp4`);
		expect(run.error?.message).toContain(fine);
		expect(run.errorText).toContain(`item 0: task ${fine} completed`);
	});
});

describe('a fault of the moment', () => {
	test('is tried again, and the whole file arrives', async () => {
		const faults = [
			lab.evolink.fault(
				'media',
				{ kind: 'http', status: 503 },
				{ times: 1, match: ({ task }) => task.request.prompt === 'once 503' },
			),
			lab.evolink.fault(
				'media',
				{ kind: 'drop-before' },
				{ times: 1, match: ({ task }) => task.request.prompt === 'once dropped' },
			),
			lab.evolink.fault(
				'media',
				{ kind: 'media', media: { truncated: true } },
				{ times: 1, match: ({ task }) => task.request.prompt === 'once cut' },
			),
		];
		const run = await lab.makeAll(['once 503', 'once dropped', 'once cut']);
		expect(errorsOf(run)).toEqual([undefined, undefined, undefined]);
		for (const item of run.output(SORA))
			expect((await (await binaryOf(item)).buffer()).equals(CLIP)).toBe(true);
		expect(faults.map(({ hits }) => hits)).toEqual([1, 1, 1]);
	});
});

describe('a file that is cut off although HTTP does not say so', () => {
	const box = (type: string, body: Buffer) => {
		const head = Buffer.from(`....${type}`);
		head.writeUInt32BE(body.length + 8);
		return Buffer.concat([head, body]);
	};
	const [ftyp, moov, free, mdat] = [
		[0, 32],
		[32, 995],
		[995, 1003],
		[1003, CLIP.length],
	].map(([from, to]) => CLIP.subarray(from, to));
	const page = Buffer.from('<!doctype html><title>503</title>');
	const pictures: Array<[string, Buffer]> = [
		['jpg', PICTURE],
		['png', png(64, 64)],
		['webp', webp(64, 64, 'VP8 ')],
	];

	const cuts: Array<[what: string, media: MediaScript]> = [
		['half, then FIN', { truncated: 'fin' }],
		['half, then RST', { truncated: 'rst' }],
		['the length of a shorter file', { truncated: 'shorter' }],
		['gzip without its end', { truncated: 'gzip' }],
		['12 bytes', { bytes: Buffer.from('\0\0\0\x0cftypmp42', 'latin1') }],
		['a page behind its first box', { bytes: Buffer.concat([ftyp, page]), contentType: 'text/html' }],
		['cut where a box ends, without index', { bytes: Buffer.concat([ftyp, free, mdat]) }],
		['cut where a box ends, without pictures', { bytes: Buffer.concat([ftyp, moov, free]) }],
		['a generated body, cut', { sizeBytes: 3_000_000, truncated: 'fin' }],
	];
	const titles = cuts.map(([what]) => `cut: ${what}`);

	/** Serves each task what its prompt says, the first `times` times. */
	function cutAll(times: number) {
		return cuts.map(([, media], index) => {
			const match = ({ task }: { task: StandInTask }) => task.request.prompt === titles[index];
			return lab.evolink.fault('media', { kind: 'media', media }, { times, match });
		});
	}

	test('is tried again, and the whole file arrives', async () => {
		const faults = cutAll(1);
		const run = await lab.makeAll(titles);
		expect(errorsOf(run)).toEqual(titles.map(() => undefined));
		expect(faults.map(({ hits }) => hits)).toEqual(titles.map(() => 1));
		for (const item of run.output(SORA))
			expect((await (await binaryOf(item)).buffer()).equals(CLIP)).toBe(true);
	});

	test('is never output: after three tries the error names task and link', async () => {
		const faults = cutAll(3);
		const two = titles.slice(3, 5);
		const run = await lab.makeAll(two);
		for (const [index, error] of run.output(SORA).map(errorTextOf).entries()) {
			expect(error).toContain('the transfer broke off (the file is incomplete)');
			expect(error).toContain(`/media/stand-in/${lab.taskOf(two[index]!).id}.mp4`);
		}
		expect(faults.slice(3, 5).map(({ hits }) => hits)).toEqual([3, 3]);
		expect(run.output(SORA).map(({ binary }) => binary)).toEqual([undefined, undefined]);
		for (const fault of faults) fault.remove();
	});

	const good: Array<[what: string, bytes: Buffer, isDoubtful?: boolean]> = [
		['its index in front', CLIP],
		['its index at the end', Buffer.concat([ftyp, free, mdat, moov])],
		['a tag behind it', Buffer.concat([CLIP, Buffer.from('TAG'.padEnd(128))])],
		['fragments', fragments(2), true],
		['fragments and their list', Buffer.concat([fragments(2), box('mfra', free)])],
		['pictures up to its end', Buffer.concat([ftyp, moov, Buffer.from('\0\0\0\0mdat'), page]), true],
	];

	test('is not one with something odd in it: it arrives as it is, with a length and without', async () => {
		const titles = good.flatMap(([what]) => [`whole: ${what}`, `whole: ${what}, chunked`]);
		const removals = titles.map((title, index) => {
			const media = { bytes: good[index >> 1]![1], contentLength: index % 2 === 0 };
			return lab.evolink.script(({ prompt }) => prompt === title, { media });
		});
		const run = await lab.makeAll(titles);
		for (const remove of removals) remove();
		expect(errorsOf(run)).toEqual(titles.map(() => undefined));
		for (const [index, item] of run.output(SORA).entries())
			expect((await (await binaryOf(item)).buffer()).equals(good[index >> 1]![1])).toBe(true);
		const warned = hintsOf(run).filter((hint) => hint.includes('has no mark of its end'));
		const doubtful = titles.filter((title, index) => good[index >> 1]![2] && title.endsWith('chunked'));
		expect(warned.map((hint) => /of task (\S+)/.exec(hint)![1])).toEqual(
			doubtful.map((title) => lab.taskOf(title).id),
		);
	});

	test.each([
		['Matroska', webm('matroska'), 'a video format that this node does not know (MKV)'],
		['sound alone', mp4('soun'), 'sound alone'],
		['a picture', PICTURE, 'JPEG'],
	])('is not %s: that is named as what it is', async (what, bytes, found) => {
		const remove = lab.evolink.script(`result: ${what}`, { media: { bytes } });
		const run = await lab.makeAll([`result: ${what}`]);
		remove();
		expect(errorsOf(run)[0]).toContain(`the link answered with ${found} where a video was expected`);
	});

	test('of a character without the mark of its end is kept with a warning, if it is so in each of three tries', async () => {
		const bytes = PICTURE.subarray(0, -2);
		const videoUrl = 'https://example.com/unended.mp4';
		const remove = lab.evolink.script((request) => request.video_url === videoUrl, { media: { bytes } });
		const before = lab.evolink.mediaStats.requests;
		const run = await lab.make({ operation: 'character', videoUrl });
		remove();
		expect(run.error).toBeUndefined();
		expect((await (await binaryOf(run.output(SORA)[0]!)).buffer()).equals(bytes)).toBe(true);
		expect(lab.evolink.mediaStats.requests - before).toBe(3);
		expect(hintsOf(run)).toEqual([expect.stringContaining('has no mark of its end')]);
	});

	test("is no character's picture either: it is tried again, and arrives whole", async () => {
		const removals = pictures.map(([extension, bytes]) =>
			lab.evolink.script((request) => request.video_url === `https://example.com/${extension}.mp4`, {
				media: { bytes },
			}),
		);
		const cut = new Set<string>();
		const fault = lab.evolink.fault(
			'media',
			{ kind: 'media', media: { truncated: 'shorter' } },
			{ match: ({ task }) => !cut.has(task.id) && cut.add(task.id).size > 0 },
		);
		const items = pictures.map(([extension]) => ({ json: { url: `https://example.com/${extension}.mp4` } }));
		const run = await lab.make({ operation: 'character', videoUrl: '={{ $json.url }}' }, { items });
		for (const remove of [...removals, fault.remove]) remove();
		expect(fault.hits).toBe(3);
		for (const [index, [extension, bytes]] of pictures.entries()) {
			const file = await binaryOf(run.output(SORA)[index]!);
			expect((await file.buffer()).equals(bytes)).toBe(true);
			expect(file.fileName).toMatch(new RegExp(`\\.${extension}$`));
		}
	});
});

describe('where a link may lead', () => {
	let net: ReturnType<typeof answerFor>;
	beforeEach(() => (net = answerFor(lab.evolink, 'media.example.test')));
	afterEach(() => net.restore());

	test('up to three redirects on public https hosts are followed, without the key', async () => {
		const run = await lab.makeAll(['public [stand-in: media redirects 3]']);
		expect(errorsOf(run)).toEqual([undefined]);
		expect((await binaryOf(run.output(SORA)[0]!)).bytes).toBe(CLIP.length);
		expect(net.contacted.length).toBeGreaterThan(0);
		expect(lab.evolink.mediaStats.authorizations).toEqual([]);
	});

	test('a fourth redirect ends the download with its reason', async () => {
		const prompt = 'public [stand-in: media redirects 4]';
		const run = await lab.makeAll([prompt]);
		expect(errorsOf(run)[0]).toContain('redirected more than 3 times');
		expect(errorsOf(run)[0]).toContain(lab.taskOf(prompt).id);
	});

	test.each([
		['a private address', 'http://10.0.0.5/secret'],
		['plain http', 'http://media.example.test/clip.mp4'],
	])('a redirect to %s is refused and never opened', async (_, target) => {
		const prompt = `public ${target}`;
		const remove = lab.evolink.script(prompt, { media: { redirectTo: target } });
		const run = await lab.makeAll([prompt]);
		remove();
		expect(errorsOf(run)[0]).toContain('the link was redirected to a URL that');
		expect(new Set(net.contacted)).toEqual(new Set(['media.example.test']));
	});

	test('a redirect back to a host of the credential is refused: only its own links may lead there', async () => {
		const run = await lab.makeAll(['trusted, then hop [stand-in: media redirects 1]']);
		expect(errorsOf(run)[0]).toContain('the link was redirected to a URL that is http where https is needed');
	});

	test('a plain or private link is opened where the credential names its host and port', async () => {
		const local = lab.evolink.url.replace('127.0.0.1', 'localhost');
		linkTo(lab.evolink, local, 'on localhost');
		const run = await lab.make({ prompt: 'on localhost' }, { credential: { filesUrl: local } });
		expect(run.error).toBeUndefined();
		expect((await binaryOf(run.output(SORA)[0]!)).bytes).toBe(CLIP.length);
	});

	test('another service on a host that the credential names is never opened', async () => {
		const before = lab.evolink.mediaStats.requests;
		linkTo(lab.evolink, lab.evolink.url.replace('127.0.0.1', 'localhost'), 'on another port');
		const run = await lab.make(
			{ prompt: 'on another port' },
			{ credential: { filesUrl: 'http://localhost:1' } },
		);
		expect(run.error?.message).toContain('the link is http where https is needed');
		expect(lab.evolink.mediaStats.requests).toBe(before);
	});

	test.each([
		['a local name', () => lab.evolink.url.replace('127.0.0.1', 'localhost')],
		['plain http', () => 'http://media.example.test/video.mp4'],
		['a URL with a password in it', () => 'https://user:word@media.example.test/video.mp4'],
	])('a result link to %s is refused and never opened', async (what, link) => {
		const before = lab.evolink.mediaStats.requests;
		const prompt = `link to ${what}`;
		const remove = lab.evolink.script(prompt, { results: [link()] });
		const run = await lab.makeAll([prompt]);
		remove();
		expect(errorsOf(run)[0]).toContain('could not be downloaded: the link');
		expect(errorsOf(run)[0]).toContain(lab.taskOf(prompt).id);
		expect(lab.evolink.mediaStats.requests).toBe(before);
		expect(net.contacted).toEqual([]);
	});
});
