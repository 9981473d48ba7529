import type { IBinaryData, INodeParameters } from 'n8n-workflow';
import type { SeenRequest } from '../../stand-in';
import { fragments, gif, jpeg, mov, mp4, png, webm, webp } from './media-files';
import { labForFile, type Lab } from './lab';
import { storedFile } from './media-support';
import { errorTextOf, SORA, errorsOf, inline, failedWith, type ErrorData } from './support';

const lab = labForFile();

const IMAGE = { prompt: '={{ $json.prompt }}', startImage: 'binary', wait: 'none' };
const VIDEO = { operation: 'character', video: 'binary', wait: 'none' };

const item = (data: IBinaryData, prompt = 'a cat') => ({ json: { prompt }, binary: { data } });
const uploads = () => lab.requestsTo('uploadFileStream');
const requests = () => lab.evolink.requests.length;

/** The file that an order points to, as EvoLink would fetch it. */
async function fetched(url: unknown): Promise<{ bytes: Buffer; type: string | null }> {
	const response = await fetch(String(url));
	return { bytes: Buffer.from(await response.arrayBuffer()), type: response.headers.get('content-type') };
}

describe('a picture', () => {
	test.each([
		['PNG', png(1280, 720), 'image/png', 'png'],
		['JPEG', jpeg(1280, 720), 'image/jpeg', 'jpg'],
		['lossy WebP', webp(1280, 720, 'VP8 '), 'image/webp', 'webp'],
		['lossless WebP', webp(1280, 720, 'VP8L'), 'image/webp', 'webp'],
		['extended WebP', webp(1280, 720, 'VP8X'), 'image/webp', 'webp'],
	])(
		'%s from the binary store or from memory reaches EvoLink unchanged',
		async (_, bytes, type, extension) => {
			const parameters = { ...IMAGE, aspectRatio: '1280x720' };
			const items = [item(await storedFile(bytes, 'cat', type)), item(inline(bytes, type))];
			const run = await lab.make(parameters, { items });
			expect(run.error).toBeUndefined();
			const urls = run.json(SORA).map(({ id }) => {
				const { image_urls: links } = lab.evolink.tasks.get(id as string)!.request;
				expect(links).toHaveLength(1);
				expect(run.json(SORA).find((task) => task.id === id)).toMatchObject({
					request: { image_urls: links },
				});
				return (links as string[])[0];
			});
			expect(new Set(urls).size).toBe(2);
			for (const url of urls) {
				expect(url).toMatch(new RegExp(`/n8n-[0-9a-f]{32}\\.${extension}$`));
				const file = await fetched(url);
				expect(file.type).toBe(type);
				expect(file.bytes.equals(bytes)).toBe(true);
			}
		},
	);

	test('is uploaded under another name in every run, so no run can overwrite the picture of another', async () => {
		const items = [item(inline(png(1280, 720)))];
		for (let round = 0; round < 2; round += 1) await lab.make(IMAGE, { items });
		const names = uploads().map(({ body }) => (body as { file_name: string }).file_name);
		expect(new Set(names).size).toBe(names.length);
	});

	test('of all items is uploaded before the first order is sent', async () => {
		const from = requests();
		await lab.make(IMAGE, { items: [item(inline(png(1280, 720))), item(inline(png(1280, 720)))] });
		const order = lab.evolink.requests.slice(from).map(({ operationId }) => operationId);
		expect(order).toEqual(['uploadFileStream', 'uploadFileStream', 'createVideoTask', 'createVideoTask']);
	});

	test('is known by its bytes: a PNG called notes.txt is sent as a PNG', async () => {
		const run = await lab.make(IMAGE, { items: [item(inline(png(1280, 720), 'text/plain', 'notes.txt'))] });
		expect(run.error).toBeUndefined();
		expect(uploads().at(-1)!.body).toMatchObject({ file: { type: 'image/png' } });
	});

	const NONE = ', EvoLink takes PNG, JPEG, WebP';
	test.each([
		['a GIF called cat.png', gif(), `GIF${NONE}`, /^Convert it/],
		[
			'of an iPhone',
			Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'),
			`HEIC${NONE}`,
			/Most Compatible/,
		],
		[
			'a saved page',
			Buffer.from('<!doctype html><title>Sign in</title>'),
			`a web page${NONE}`,
			/leads to a page/,
		],
		[
			'a text',
			Buffer.from(png(1280, 720).toString('base64')),
			`text in base64${NONE}`,
			/Convert to File node/,
		],
		['a letter', Buffer.from('Dear aunt'), `of an unknown format${NONE}`, /another file/],
		['an empty file', Buffer.alloc(0), `empty (0 bytes)${NONE}`, /comes from/],
		['a PNG without its end', png(1280, 720).subarray(0, -1), 'incomplete', /once more/],
		['a PNG of no size', png(0, 720), 'PNG without a size in pixels', /another file/],
	])('that is %s is refused before any request, named as what it is', async (_, bytes, found, advice) => {
		const before = requests();
		const run = await lab.make(IMAGE, { items: [item(await storedFile(bytes, 'cat.png', 'image/png'))] });
		expect(run.error?.message).toBe(`The file in 'data' is ${found}`);
		expect(run.error?.description).toMatch(advice);
		expect(run.error?.description).toMatch(/Nothing was ordered for this item\.$/);
		expect(requests()).toBe(before);
	});

	test('of more than 10 MB is refused with its size, one of exactly 10 MiB is taken', async () => {
		const limit = 10 * 2 ** 20;
		const sized = async (bytes: number) =>
			item(await storedFile(Buffer.concat([png(1280, 720)], bytes), 'big.png', 'image/png'));
		const before = requests();
		const over = await lab.make(IMAGE, { items: [await sized(limit + 1)] });
		expect(over.error?.message).toMatch(
			/^The image in 'data' has 10485761 bytes, EvoLink takes 10 MB \(10485760 bytes\)/,
		);
		expect(requests()).toBe(before);
		expect((await lab.make(IMAGE, { items: [await sized(limit)] })).error).toBeUndefined();
	});

	test('that an item does not have is told so, however long the name of its field is', async () => {
		const run = await lab.make(
			{ ...IMAGE, startImageField: 'x'.repeat(5000) },
			{ items: [{ json: { prompt: 'x' } }] },
		);
		expect(run.error?.message).toMatch(/^This item has no file in 'x{59}…' \('Start Image Field Name'\)$/);
		expect(run.error?.description).toMatch(/^It has no file at all: connect a node/);
	});

	test('that only some items have is taken where there is one, with the expression that the error names', async () => {
		const items = [item(inline(png(1280, 720)), 'with'), { json: { prompt: 'without' } }];
		const refused = await lab.make(IMAGE, { items });
		const [, choice] = /set 'Start Image' to (\{\{ .* \}\})\./.exec(String(refused.error?.description))!;
		const optional = { ...IMAGE, startImage: `=${choice}` };
		const ordered = lab.creates.length;
		const run = await lab.make(optional, { items });
		expect(run.error).toBeUndefined();
		const bodies = lab.creates
			.slice(ordered)
			.map(({ body }) => body as { prompt: string; image_urls?: unknown });
		expect(bodies.map(({ prompt, image_urls: urls }) => [prompt, urls !== undefined])).toEqual([
			['with', true],
			['without', false],
		]);
	});
});

describe('the pixels of a picture', () => {
	const withPixels = async (parameters: INodeParameters, width: number, height: number) =>
		await lab.make({ ...IMAGE, ...parameters }, { items: [item(inline(png(width, height)))] });
	const UNCHECKED = { options: { checkImageSize: false } };
	const warnings = (run: Awaited<ReturnType<typeof withPixels>>) =>
		run.hints(SORA).filter(({ type }) => type === 'warning');

	test.each([
		['1280x720', 1920, 1080],
		['1280x720', 720, 1280],
		['720x1280', 720, 1281],
		['16:9', 1920, 1080],
		['16:9', 1281, 720],
		['9:16', 1280, 720],
	])('for %s must be exact: %d × %d is refused before any request', async (aspectRatio, width, height) => {
		const before = requests();
		const run = await withPixels({ aspectRatio }, width, height);
		expect(run.error?.message).toContain(`has ${width}x${height} pixels`);
		const exact = { '16:9': '1280x720', '9:16': '720x1280' }[aspectRatio] ?? aspectRatio;
		expect(run.error?.message).toContain(`'Aspect Ratio' ${aspectRatio} needs exactly ${exact}`);
		expect(run.error?.description).toContain("turn off 'Check Image Size'");
		expect(requests()).toBe(before);
	});

	test.each<[what: string, parameters: INodeParameters, width: number, height: number, warns: number]>([
		['16:9, unchecked, that differ give a hint', { aspectRatio: '16:9', ...UNCHECKED }, 1920, 1080, 1],
		['9:16, unchecked, that differ give a hint', { aspectRatio: '9:16', ...UNCHECKED }, 1280, 720, 1],
		['720x1280, unchecked, too', { aspectRatio: '720x1280', ...UNCHECKED }, 720, 1281, 1],
		['16:9 that fit give none', { aspectRatio: '16:9' }, 1280, 720, 0],
		['720x1280 that fit give none', { aspectRatio: '720x1280' }, 720, 1280, 0],
		[
			'9:16 of the pro model, lying, give a hint',
			{ model: 'sora-2-pro-preview', aspectRatio: '9:16' },
			1920,
			1080,
			1,
		],
		[
			'9:16 of the pro model, standing, give none',
			{ model: 'sora-2-pro-preview', aspectRatio: '9:16' },
			1080,
			1920,
			0,
		],
	])('for %s, and the video is ordered', async (_, parameters, width, height, warns) => {
		const ordered = lab.creates.length;
		const run = await withPixels(parameters, width, height);
		expect(run.error).toBeUndefined();
		expect(lab.creates.length).toBe(ordered + 1);
		expect(warnings(run)).toHaveLength(warns);
		if (warns > 0) expect(warnings(run)[0]!.message).toContain(`${width}x${height}`);
	});
});

describe('a picture that is also something else', () => {
	const page = Buffer.from('<!doctype html><title>PK</title>');
	const zip = Buffer.concat([
		Buffer.from('PK\x03\x04'),
		Buffer.alloc(40, 7),
		Buffer.from('PK\x05\x06'),
		Buffer.alloc(18),
	]);
	const u16 = (value: number) => Buffer.of(value >> 8, value & 0xff);
	const segment = (body: Buffer) => Buffer.concat([Buffer.from('ffe1', 'hex'), u16(body.length + 2), body]);
	/** Turned by 90 degrees: shown, it would stand. */
	const exif = segment(
		Buffer.from(
			'457869660000' + '4d4d002a00000008' + '0001' + '0112000300000001' + '00060000' + '00000000',
			'hex',
		),
	);
	const picture = jpeg(1280, 720);
	const withSegment = (body: Buffer) => Buffer.concat([picture.subarray(0, 2), body, picture.subarray(2)]);
	/** A thumbnail's own frame says other pixels. */
	const thumbnail = segment(jpeg(160, 90));

	test.each([
		['a JPEG with a zip behind it', Buffer.concat([picture, zip]), 'jpg', 'image/jpeg'],
		['a JPEG with a thumbnail in a segment', withSegment(thumbnail), 'jpg', 'image/jpeg'],
		['a JPEG that EXIF turns on its side', withSegment(exif), 'jpg', 'image/jpeg'],
	])('%s is sent as it is, as the picture that it is', async (_, bytes, extension, type) => {
		const run = await lab.make(IMAGE, { items: [item(inline(bytes, 'application/zip', 'both.zip'))] });
		expect(run.error).toBeUndefined();
		const { image_urls: links } = lab.evolink.tasks.get(run.json(SORA)[0]!.id as string)!.request;
		expect(links).toEqual([expect.stringMatching(new RegExp(`\\.${extension}$`))]);
		const file = await fetched((links as string[])[0]);
		expect(file.type).toBe(type);
		expect(file.bytes.equals(bytes)).toBe(true);
	});

	test.each([
		['the start of a JPEG and a page', Buffer.concat([picture.subarray(0, 4), page]), 'incomplete'],
		['a zip with a JPEG behind it', Buffer.concat([zip, picture]), 'a ZIP archive'],
	])('%s is no picture and is refused before any request', async (_, bytes, found) => {
		const before = requests();
		const run = await lab.make(IMAGE, { items: [item(inline(bytes, 'image/jpeg', 'cat.jpg'))] });
		expect(run.error?.message).toContain(`The file in 'data' is ${found}`);
		expect(requests()).toBe(before);
	});

	test('standing, and only turned into the right shape by EXIF, is refused: the stored pixels count', async () => {
		const standing = jpeg(720, 1280);
		const turned = Buffer.concat([standing.subarray(0, 2), exif, standing.subarray(2)]);
		const run = await lab.make(IMAGE, { items: [item(inline(turned, 'image/jpeg', 'cat.jpg'))] });
		expect(run.error?.message).toContain('has 720x1280 pixels');
	});
});

describe("a character's video", () => {
	test.each([
		['mp4', mp4(), 'video/mp4'],
		['mov', mov(), 'video/quicktime'],
		['webm', webm(), 'video/webm'],
	])(
		'as %s from the binary store or from memory reaches EvoLink unchanged',
		async (extension, bytes, type) => {
			const items = [item(await storedFile(bytes, 'me', type)), item(inline(bytes, type))];
			const run = await lab.make(VIDEO, { items });
			expect(run.error).toBeUndefined();
			for (const { id } of run.json(SORA)) {
				const { video_url: url } = lab.evolink.tasks.get(id as string)!.request;
				expect(url).toMatch(new RegExp(`/n8n-[0-9a-f]{32}\\.${extension}$`));
				const file = await fetched(url);
				expect(file.type).toBe(type);
				expect(file.bytes.equals(bytes)).toBe(true);
			}
		},
	);

	test('that does not say where it ends is taken, with a warning', async () => {
		const run = await lab.make(VIDEO, { items: [item(inline(fragments(2), 'video/mp4'))] });
		expect(run.error).toBeUndefined();
		const [warning] = run.hints(SORA).filter(({ type }) => type === 'warning');
		expect(warning?.message).toMatch(/^The file in 'data' of item 0 has no mark of its end\./);
	});

	const NONE = ', EvoLink takes MOV, MP4, WebM';
	test.each([
		['a picture', png(1280, 720), `PNG${NONE}`],
		['a web page', Buffer.from('<!doctype html><title>no video</title>'), `a web page${NONE}`],
		['an mp4 of sound alone', mp4('soun'), `sound alone${NONE}`],
		['half an mp4', mp4().subarray(0, 2000), 'incomplete'],
	])('that is %s is refused before any request', async (_, bytes, found) => {
		const before = requests();
		for (const data of [
			await storedFile(bytes, 'me.mp4', 'video/mp4'),
			inline(bytes, 'video/mp4', 'me.mp4'),
		]) {
			const run = await lab.make(VIDEO, { items: [item(data)] });
			expect(run.error?.message).toBe(`The file in 'data' is ${found}`);
		}
		expect(requests()).toBe(before);
	});

	test('of more than EvoLink takes is refused before any request', async () => {
		const before = requests();
		const big = await storedFile(Buffer.concat([mp4()], 99_614_721), 'big.mp4', 'video/mp4');
		const run = await lab.make(VIDEO, { items: [item(big)] });
		expect(run.error?.message).toContain("The video in 'data' has 99614721 bytes, EvoLink takes 95 MB");
		expect(requests()).toBe(before);
	});
});

describe('an upload that EvoLink refuses', () => {
	const SIZES = { refused: 5001, fine: 5002 };
	const sized = (bytes: number) =>
		item(inline(Buffer.concat([png(1280, 720)], bytes)), `picture of ${bytes}`);
	const hits = ({ body }: SeenRequest, bytes: number) =>
		(body as { file?: { size: number } } | undefined)?.file?.size === bytes;
	const refuseWith = (fault: Parameters<Lab['evolink']['fault']>[1], times?: number, bytes = SIZES.refused) =>
		lab.evolink.fault('upload', fault as never, {
			...(times !== undefined && { times }),
			match: ({ request }) => hits(request, bytes),
		});

	test.each([
		[
			'HTTP 200 and success: false (40001)',
			{ kind: 'refused', code: 40001, msg: 'file too large' },
			'file too large (400 40001',
		],
		[
			'HTTP 200 and success: false (40002)',
			{ kind: 'refused', code: 40002, msg: 'bad type' },
			'bad type (400 40002',
		],
		['401', { kind: 'http', status: 401 }, '(401'],
		['413', { kind: 'http', status: 413 }, '(413'],
	] as const)('with %s is told at once, and nothing is ordered for its item only', async (_, fault, said) => {
		const handle = refuseWith(fault);
		const [ordered, uploaded] = [lab.creates.length, uploads().length];
		const items = [sized(SIZES.refused), sized(SIZES.fine)];
		const run = await lab.make(IMAGE, { items, onError: 'continueErrorOutput' });
		handle.remove();
		expect(run.json('Failed')).toMatchObject([failedWith(/^EvoLink did not take the input file: [^[]*$/)]);
		expect((run.json('Failed')[0]!.error as ErrorData).message).toContain(said);
		expect(errorTextOf(run.output('Failed')[0]!)).toContain('Nothing was ordered for this item');
		expect(uploads().length - uploaded).toBe(2);
		expect(lab.creates.slice(ordered)).toMatchObject([{ body: { prompt: `picture of ${SIZES.fine}` } }]);
	});

	test('stops the run before any order is sent, of other items too (On Error = stop)', async () => {
		const handle = refuseWith({ kind: 'refused', code: 40002 });
		const ordered = lab.creates.length;
		const run = await lab.make(IMAGE, { items: [sized(SIZES.fine), sized(SIZES.refused)] });
		handle.remove();
		expect(run.error?.message).toContain('EvoLink did not take the input file');
		expect(lab.creates.length).toBe(ordered);
	});

	test.each([
		['a picture', IMAGE, () => sized(SIZES.refused)],
		[
			'a streamed video',
			VIDEO,
			async () => item(await storedFile(Buffer.concat([mp4()], SIZES.refused), 'v', 'video/mp4')),
		],
	])('for a moment is repeated, and %s arrives whole and is ordered once', async (_, parameters, source) => {
		const handle = refuseWith({ kind: 'http', status: 503 }, 1);
		const ordered = lab.creates.length;
		const run = await lab.make(parameters, { items: [await source()] });
		expect(handle.hits).toBe(1);
		expect(run.error).toBeUndefined();
		const [order] = lab.creates.slice(ordered);
		expect(lab.creates.length).toBe(ordered + 1);
		const body = order!.body as { image_urls?: string[]; video_url?: string };
		const file = await fetched(body.image_urls?.[0] ?? body.video_url);
		expect(file.bytes).toHaveLength(SIZES.refused);
	});

	test('by answering with nothing that can be used, again and again, is told, and nothing is ordered', async () => {
		const cases: Array<[Parameters<typeof refuseWith>[0], string]> = [
			[{ kind: 'html', accepted: false }, 'a body that is not a JSON object'],
			[{ kind: 'body', body: { success: true, data: { file_url: 'x' } } }, 'no file URL in it'],
			[{ kind: 'drop-before' }, 'dropped the connection'],
		];
		const ordered = lab.creates.length;
		const attempts = cases.map(async ([fault, said], at) => {
			const bytes = 6000 + at;
			const handle = refuseWith(fault, undefined, bytes);
			const run = await lab.make(IMAGE, { items: [sized(bytes)], onError: 'continueRegularOutput' });
			handle.remove();
			expect(errorsOf(run)[0]).toContain(said);
			expect(handle.hits).toBe(3);
		});
		await Promise.all(attempts);
		expect(lab.creates.length).toBe(ordered);
	});
});
