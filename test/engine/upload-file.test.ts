import { evolinkFacts } from '../../nodes/evolink/generated/spec.gen';
import { png } from './media-files';
import { inLab } from './lab';
import { storedFile } from './media-support';
import { SORA, failed, inline, sora, withBothOutputs } from './support';

const upload = (more: object = {}, node: object = {}) => sora({ operation: 'uploadFile', ...more }, node);

const item = (data: ReturnType<typeof inline>, more: object = {}) => ({
	json: { ...more },
	binary: { data },
});
const CAT = png(8, 8);

test.concurrent(
	'each item’s file comes out as a URL that anybody can fetch for 72 hours, and nothing is charged',
	() =>
		inLab(async (lab) => {
			const sound = inline(Buffer.from('ID3 a sound'), 'audio/mpeg', 'voice.mp3');
			const run = await lab.run(upload(), [item(await storedFile(CAT, 'cat.png', 'image/png')), item(sound)]);
			expect(run.error).toBeUndefined();
			const [first, second] = run.json(SORA);
			expect(first).toMatchObject({ mimeType: 'image/png', size: CAT.length, fileId: expect.any(String) });
			expect(second).toMatchObject({ fileName: 'voice.mp3', mimeType: 'audio/mpeg', size: 11 });
			expect(Buffer.from(await (await fetch(String(first!.url))).arrayBuffer()).equals(CAT)).toBe(true);
			const left = Date.parse(String(first!.expiresAt)) - Date.now();
			expect(Math.round(left / 3_600_000)).toBe(72);
			expect(run.output(SORA).map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
			expect(lab.evolink.requests.map(({ operationId }) => operationId)).toEqual([
				'uploadFileStream',
				'uploadFileStream',
			]);
		}),
);

test.concurrent(
	'a file that is missing, empty or too large is refused by its name, and nothing is sent',
	() =>
		inLab(async (lab) => {
			const run = async (data: ReturnType<typeof inline>, fileField = 'data') =>
				(await lab.run(upload({ fileField }), [item(data)])).error?.message;
			expect(await run(inline(CAT), 'photo')).toContain("no file in 'photo' ('Input Data Field Name')");
			expect(await run(inline(Buffer.alloc(0)))).toBe("The file in 'data' is empty (0 bytes)");
			const large = await storedFile(Buffer.alloc(99_614_721), 'large.mp4', 'video/mp4');
			expect(await run(large)).toContain("The file in 'data' has 99614721 bytes, EvoLink takes 95 MB");
			expect(lab.evolink.requests).toEqual([]);
		}),
);

test.concurrent(
	'what EvoLink does not take is told in its words, with what to do; the other items go on',
	() =>
		inLab(async (lab) => {
			lab.evolink.fault('upload', { kind: 'refused', code: 40002, msg: 'bad type' }, { times: 1 });
			const node = upload({}, { onError: 'continueErrorOutput', retryOnFail: false });
			const run = await lab.run(withBothOutputs(node), [item(inline(CAT)), item(inline(CAT))]);
			expect(run.json('After')).toMatchObject([{ url: expect.any(String) }]);
			expect(JSON.stringify(run.json(failed.name))).toContain('EvoLink did not take the input file');
		}),
);

test.concurrent('a full account is told with the number of places and how long they stay taken', () =>
	inLab(async (lab) => {
		const refused = { kind: 'refused', code: Number(evolinkFacts.upload.quotaCode), msg: 'quota' } as const;
		lab.evolink.fault('upload', refused);
		const run = await lab.run(upload(), [item(inline(CAT))]);
		expect(run.error?.message).toContain('EvoLink did not take the input file');
		expect(run.error).toMatchObject({
			description: expect.stringMatching(/72 hours, and at most 100 .*Nothing was charged\./),
		});
	}),
);
