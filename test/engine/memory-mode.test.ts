/** @jest-environment-options {"ownN8n": true} */
import './in-memory-binaries';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BinaryDataService } from 'n8n-core';
import { Container } from '@n8n/di';
import { mp4, png } from './media-files';
import { labForFile } from './lab';
import { errorTextOf, SORA, errorsOf, inline } from './support';

const CLIP = readFileSync(join(__dirname, '../../stand-in/assets/clip.mp4'));

const lab = labForFile();

describe("where n8n keeps files in the items (binary mode 'default')", () => {
	test('the video is in the item, whole, with name, type and size', async () => {
		const run = await lab.make({ prompt: 'kept' });
		const binary = run.output('After')[0]!.binary!.data!;
		expect(Container.get(BinaryDataService)).toMatchObject({ mode: 'default' });
		expect(binary.id).toBeUndefined();
		expect(binary).toMatchObject({ fileName: `${lab.taskOf('kept').id}.mp4`, mimeType: 'video/mp4' });
		const bytes = Buffer.from(binary.data, 'base64');
		expect(bytes.equals(CLIP)).toBe(true);
		expect(binary.bytes).toBe(bytes.length);
	});

	test('what is no video is refused, with task and link', async () => {
		const prompts = ['page [stand-in: media html]', 'endless [stand-in: media endless]'];
		const run = await lab.makeAll(prompts, { options: { maxDownloadMb: 1 } });
		for (const [index, prompt] of prompts.entries()) {
			const { id } = lab.taskOf(prompt);
			expect(errorsOf(run)[index]).toContain(`Task ${id} completed, but its file could not be downloaded`);
			expect(errorTextOf(run.output(SORA)[index]!)).toContain(`${id}.mp4`);
		}
	});

	test('pictures and videos in items reach EvoLink unchanged', async () => {
		const picture = png(1280, 720);
		const items = [{ json: {}, binary: { data: inline(picture, 'image/png') } }];
		const made = await lab.make({ prompt: 'from a picture', startImage: 'binary', wait: 'none' }, { items });
		const { image_urls: links } = lab.evolink.tasks.get(made.json(SORA)[0]!.id as string)!.request;
		const atEvoLink = await fetch((links as string[])[0]!);
		expect(Buffer.from(await atEvoLink.arrayBuffer()).equals(picture)).toBe(true);

		const videos = [{ json: {}, binary: { data: inline(mp4(), 'video/mp4') } }];
		const character = await lab.make(
			{ operation: 'character', video: 'binary', wait: 'none' },
			{ items: videos },
		);
		const { video_url: link } = lab.evolink.tasks.get(character.json(SORA)[0]!.id as string)!.request;
		expect(Buffer.from(await (await fetch(String(link))).arrayBuffer()).equals(mp4())).toBe(true);
	});
});
