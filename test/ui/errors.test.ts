import { readFileSync } from 'node:fs';
import path from 'node:path';

import { type IDataObject, type INode } from 'n8n-workflow';

import { type FaultHandle } from '../../stand-in';
import { REPO_DIR, RUN_DIR } from '../../tools/n8n-server/paths';
import {
	manualTrigger,
	setFields,
	soraVideo,
	toJpeg,
	type CredentialRef,
} from '../../tools/n8n-server/workflows';
import { problemsWith, TYPICAL } from '../unit/host/problem-samples';
import { endsWell, openSoraVideo, openUi, PICTURES } from './lib/editor';
import { renderSheet, type Card } from './lib/sheet';

const ui = openUi('errors', { standIn: { timeScale: 100 } });

/** What the editor showed, for the contact sheet. */
const seen: Card[] = [];

const EVOLINK_WAITS = { options: { pollSeconds: 0.5 } };

let unknownKey: CredentialRef;
beforeAll(async () => {
	unknownKey = await ui.n8n.client.request<CredentialRef>('POST', '/rest/credentials', {
		name: 'A key that EvoLink does not know',
		type: 'evoLinkApi',
		data: { ...ui.n8n.evolink.credential, apiKey: 'sk-evo-unknown' },
	});
});

/** Runs Sora Video in the editor behind the given steps, and returns the error that its output panel shows. */
async function failing(
	title: string,
	parameters: IDataObject,
	{ credential = ui.n8n.credential, before = [] as INode[] } = {},
): Promise<{ message: string; description: string }> {
	const prompt = `A paper boat, ${title}`;
	const nodes = [
		manualTrigger(),
		...before,
		soraVideo('Sora Video', credential, { prompt, ...EVOLINK_WAITS, ...parameters }),
	];
	await openSoraVideo(ui, title, nodes);
	expect(await ui.editor.executeStep()).toBe('error');
	const error = await ui.editor.error();
	seen.push({
		title,
		picture: await ui.editor.pictureOf(ui.editor.output.locator('.node-error-view__header')),
	});
	return error;
}

/** The only task ordered so far for a title. */
const taskIdOf = async (title: string) => (await ui.n8n.taskOf(`A paper boat, ${title}`)).id;

const http = (status: number, code?: string, message?: string) => ({
	kind: 'http' as const,
	status,
	code,
	message,
});

/** A picture of 256 x 256 pixels in the binary field `data`. */
function picture(): INode[] {
	const jpeg = readFileSync(path.join(REPO_DIR, 'stand-in/assets/profile.jpg')).toString('base64');
	return [setFields('Picture', { file: jpeg }), toJpeg('To File')];
}

let fault: FaultHandle | undefined;
afterEach(() => fault?.remove());

describe('a refused order says why in its first sentence, and that it cost nothing', () => {
	it.each([
		['no credits left', http(402), /credit|quota|balance/i],
		['a closed model, 403', http(403, 'model_access_denied'), /does not serve/],
		[
			'a closed model, 404',
			{ ...http(404, undefined, 'Specified model not found'), param: 'model' },
			/does not serve/,
		],
		['a refused prompt at the order', http(400, 'content_policy_violation'), /content|moderat|policy/i],
	] as const)('%s', async (title, answer, words) => {
		fault = ui.n8n.evolink.fault('create', answer);
		const { message, description } = await failing(title, {});
		expect(message).toMatch(words);
		expect(`${message} ${description}`).toMatch(/[Nn]othing was charged|usually not charged/);
		expect(ui.n8n.evolink.chargesFor({ prompt: `A paper boat, ${title}` })).toEqual([]);
	});

	it('a wrong key', async () => {
		const { message, description } = await failing('a wrong key', {}, { credential: unknownKey });
		expect(message).toMatch(/401/);
		expect(description).toMatch(/Check the API key/);
	});

	it('no room for another task', async () => {
		ui.n8n.evolink.room = { tasks: 0 };
		try {
			const options = { pollSeconds: 0.5, timeoutMinutes: 0.05 };
			const { message, description } = await failing('no room', { options });
			expect(message).toMatch(/had no room for another task/);
			expect(description).toMatch(/Nothing was charged/);
		} finally {
			ui.n8n.evolink.room = undefined;
		}
	});

	it('EvoLink cannot be reached', async () => {
		await ui.n8n.evolink.offline();
		try {
			const { message } = await failing('EvoLink cannot be reached', {});
			expect(message).toMatch(/refused the connection/);
		} finally {
			await ui.n8n.evolink.online();
		}
	});
});

describe('an order of which nobody knows whether it was taken is never advised to be sent again', () => {
	it.each([
		['a closed model, 503', http(503, 'no_available_channel'), /does not serve/],
		['the connection broke during the order', { kind: 'drop-after' as const }, /not known/],
	])('%s', async (title, answer, words) => {
		fault = ui.n8n.evolink.fault('create', answer);
		const { message, description } = await failing(title, {});
		expect(message).toMatch(words);
		expect(`${message} ${description}`).toMatch(/charged/);
	});
});

describe('a task that came to nothing is named in the first sentence', () => {
	it.each([
		['a refused prompt', 'content_policy_violation', /Moderation/],
		['EvoLink failed', 'service_error', /service_error/],
	])('%s', async (title, code, words) => {
		ui.n8n.evolink.script(title, { outcome: 'failed', code });
		const { message } = await failing(title, {});
		expect(message).toMatch(words);
		expect(message).toContain(await taskIdOf(title));
	});

	it('a wait that took too long', async () => {
		const title = 'it takes too long';
		ui.n8n.evolink.script(title, { outcome: 'stuck' });
		const { message } = await failing(title, { options: { pollSeconds: 0.5, timeoutMinutes: 0.05 } });
		expect(message).toContain(await taskIdOf(title));
	});

	it('a file that could not be downloaded', async () => {
		const title = 'the file is gone';
		ui.n8n.evolink.script(title, { media: { status: 410 } });
		const { message } = await failing(title, {});
		expect(message).toContain(await taskIdOf(title));
	});

	it('an unknown task', async () => {
		const id = 'task-unified-1757169743-7cvnl5zw';
		const taskId = { __rl: true, mode: 'id', value: id };
		const { message } = await failing('an unknown task', { resource: 'task', operation: 'getTask', taskId });
		expect(message).toContain(id);
	});
});

describe('what cannot be ordered is said before anything is sent', () => {
	it.each<[string, IDataObject, RegExp]>([
		['an empty prompt', { prompt: '={{ "" }}' }, /'Prompt' is empty/],
		['a limit for the run', { options: { maxCredits: 20 } }, /'Max Credits' is 20/],
		['no file where one is expected', { startImage: 'binary' }, /'data'/],
		['a URL that is none', { startImage: 'url', startImageUrl: 'my picture' }, /'Start Image URL'/],
		['a length that the model does not have', { duration: '={{ 5 }}' }, /'Duration'/],
		['JSON that is none', { options: { additionalFields: '{ seed: 1' } }, /'Additional Fields \(JSON\)'/],
		['a model that an expression does not give', { model: '={{ "" }}' }, /'Model Name or ID' is empty/],
	])('%s', async (title, parameters, words) => {
		const sent = ui.n8n.evolink.requests.length;
		const { message } = await failing(title, parameters);
		expect(message).toMatch(words);
		expect(ui.n8n.evolink.requests.slice(sent).filter(({ method }) => method === 'POST')).toEqual([]);
	});

	it('a picture of the wrong size', async () => {
		const parameters = { startImage: 'binary', aspectRatio: '1280x720' };
		const { message } = await failing('a picture of the wrong size', parameters, { before: picture() });
		expect(message).toMatch(/256x256/);
		expect(message).toMatch(/1280x720/);
	});
});

it('all of it on one sheet', async () => {
	const others = Object.entries(problemsWith(TYPICAL)).flatMap(([name, cases]) =>
		Object.entries(cases).map(([title, { message, description }]) => ({
			title: `${name}: ${title}`,
			message,
			description,
		})),
	);
	await renderSheet(ui.editor.page, path.join(PICTURES, 'errors.png'), { 'In the editor of n8n': seen });
	// too large for the documentation: to look at
	await renderSheet(ui.editor.page, path.join(RUN_DIR, 'pictures', 'messages.png'), {
		'All messages about orders, tasks and runs': others,
	});
});

endsWell(ui);
