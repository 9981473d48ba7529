import path from 'node:path';

import type { Page } from 'playwright-core';

import { type StandInTask } from '../../stand-in';
import { executionIdOf, type InstallationOptions } from '../../tools/n8n-server/installation';
import { PUBLIC_HOST } from '../../tools/n8n-server/n8n';
import { chain, manualTrigger, node, noOp, soraVideo, splitOut } from '../../tools/n8n-server/workflows';
import { endsWell, openUi, PICTURES, type Ui } from './lib/editor';

const PROMPTS = [
	'A paper boat drifts down a rain-washed street at dusk, seen from just above the water',
	'A lighthouse in a storm, waves break against the rocks',
	'A well-known singer gives a concert on the moon',
];

const HOSTS: Array<[where: string, options: Partial<InstallationOptions>]> = [
	['on SQLite', {}],
	['in queue mode', { mode: 'queue' }],
	['on the oldest n8n', { host: 'oldest' }],
];

describe.each(HOSTS)('the status page of a parked execution %s', (where, options) => {
	const takesPictures = where === 'on SQLite';
	const name = `status-${where.replaceAll(' ', '-')}`;
	const ui = openUi(name, {
		...options,
		standIn: { timeScale: 1, defaults: { seconds: 1000, estimatedTime: 600 } },
	});

	let tasks: StandInTask[];
	let page: Page;
	/** What Chromium complains about on the page. */
	const complaints: string[] = [];

	const part = (item: number) => page.locator(`#item-${item}`);
	const progress = async (item: number) => Number(await part(item).locator('progress').getAttribute('value'));

	/** The page of what the link names, on this machine. */
	const local = (link: string) => link.replace(`https://${PUBLIC_HOST}`, ui.n8n.webhook.url);

	beforeAll(async () => {
		ui.n8n.evolink.fault('callback', { kind: 'never' });
		tasks = await park(ui);
	}, 240_000);

	it('opens from a link beside the output, which names the tasks, and from the waiting node', async () => {
		await ui.editor.openNode('Sora Video');
		const link = ui.editor.output
			.getByTestId('node-hint')
			.getByRole('link', { name: 'See how far they are' });
		const href = String(await link.getAttribute('href'));
		expect(href).toMatch(
			new RegExp(`^https://${PUBLIC_HOST}/webhook-waiting/\\d+/sora-video\\?signature=\\w+$`),
		);
		expect(await link.getAttribute('target')).toBe('_blank');
		const hint = ui.editor.output.getByTestId('node-hint').filter({ hasText: 'See how far they are' });
		for (const { id } of tasks) expect(await hint.innerText()).toContain(id);
		const tooltip = ui.editor.output.getByRole('link', { name: 'See how far it is' });
		expect(await tooltip.getAttribute('href')).toBe(href);
		page = await ui.editor.openPage(local(href));
		page.on('console', (message) => {
			if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
		});
		expect(page.url()).toContain('/sora-video?signature=');
		for (const [item, prompt] of PROMPTS.entries()) {
			expect(await part(item).innerText()).toContain(prompt);
			expect(await part(item).innerText()).toContain(tasks[item]!.id);
		}
	});

	it('shows progress and the end of tasks without being reloaded, while a video plays on', async () => {
		await page.evaluate(() => ((window as { mark?: true }).mark = true));
		const before = await progress(1);
		ui.n8n.evolink.finish(tasks[0]!.id);
		ui.n8n.evolink.finish(tasks[2]!.id, { outcome: 'failed', code: 'content_policy_violation' });
		ui.n8n.evolink.advance(430);
		const video = part(0).locator('video');
		await video.waitFor({ timeout: 30_000 });
		expect(await progress(1)).toBeGreaterThan(before);
		expect(await part(2).innerText()).toContain('content_policy_violation');
		await video.evaluate(async (element: HTMLVideoElement) => {
			element.muted = true;
			element.loop = true;
			await element.play();
		});
		const seen = await progress(1);
		ui.n8n.evolink.advance(100);
		await page.waitForFunction(
			(value) => Number(document.querySelector('#item-1 progress')?.getAttribute('value')) > value,
			seen,
			{ timeout: 30_000 },
		);
		const playing = await video.evaluate((element: HTMLVideoElement) => ({
			paused: element.paused,
			started: element.currentTime > 0,
			width: element.videoWidth,
			error: element.error?.message,
		}));
		expect(playing).toEqual({ paused: false, started: true, width: 640, error: undefined });
		expect(await page.evaluate(() => (window as { mark?: true }).mark)).toBe(true);
		expect(complaints).toEqual([]);
		await video.evaluate((element: HTMLVideoElement) => {
			element.pause();
			element.currentTime = 1;
		});
	});

	it('is light and dark, and fits a phone', async () => {
		const background = async () =>
			await page.evaluate(() => getComputedStyle(document.querySelector('section')!).backgroundColor);
		await page.setViewportSize({ width: 900, height: 1000 });
		await page.emulateMedia({ colorScheme: 'light' });
		const light = await background();
		if (takesPictures) await page.screenshot({ path: path.join(PICTURES, 'status.png'), fullPage: true });
		await page.emulateMedia({ colorScheme: 'dark' });
		expect(await background()).not.toBe(light);
		if (takesPictures)
			await page.screenshot({ path: path.join(PICTURES, 'status-dark.png'), fullPage: true });
		await page.setViewportSize({ width: 390, height: 844 });
		const wide = await page.evaluate(() => document.documentElement.scrollWidth);
		expect(wide).toBeLessThanOrEqual(390);
		if (takesPictures) await page.screenshot({ path: path.join(PICTURES, 'status-phone.png') });
	});

	it('says the same without script, with a link to reload it', async () => {
		const context = await page.context().browser()!.newContext({ javaScriptEnabled: false });
		const plain = await context.newPage();
		await plain.goto(page.url());
		await plain.getByRole('link', { name: 'Reload' }).click();
		for (const { id } of tasks) await plain.getByText(id).waitFor();
		await context.close();
	});

	it('cannot reach the session of n8n, and nothing in it broke its policy', async () => {
		const origin = await page.evaluate(() => window.origin);
		expect(origin).toBe('null');
		expect(complaints).toEqual([]);
	});

	it('wakes the run when it finds that all tasks have ended, and then says that the workflow has continued', async () => {
		ui.n8n.evolink.finish(tasks[1]!.id);
		const id = executionIdOf(tasks[0]!);
		await ui.n8n.client.until(id, ['success'], 30_000);
		await page.getByText('The workflow has continued.').waitFor({ timeout: 30_000 });
		expect(await page.locator('video').count()).toBe(2);
		expect(ui.n8n.evolink.callbacks.filter(({ status }) => status === 200)).toEqual([]);
	});

	endsWell(ui);
});

const onError = { onError: 'continueRegularOutput' } as const;

/** Starts a run of three items in the editor, and returns when it is parked. */
async function park(ui: Ui): Promise<StandInTask[]> {
	const jobs = PROMPTS.map((prompt) => ({ prompt }));
	const nodes = [
		manualTrigger(),
		node(
			'Prompts',
			'n8n-nodes-base.set',
			{ mode: 'raw', jsonOutput: JSON.stringify({ jobs }) },
			{ typeVersion: 3.4 },
		),
		splitOut('Jobs', 'jobs'),
		soraVideo(
			'Sora Video',
			ui.n8n.credential,
			{ prompt: '={{ $json.prompt }}', waitMode: 'suspend' },
			onError,
		),
		noOp('Next'),
	];
	nodes.forEach((each, index) => (each.position = [index * 220, 0]));
	const draft = { name: 'Three videos', nodes, connections: chain(...nodes) };
	const saved = await ui.n8n.client.createWorkflow(draft);
	await ui.editor.openWorkflow(saved);
	await ui.editor.page.getByTestId('execute-workflow-button').click();
	const tasks = await Promise.all(PROMPTS.map(async (prompt) => await ui.n8n.taskOf(prompt)));
	await ui.n8n.client.until(executionIdOf(tasks[0]!), ['waiting']);
	await ui.editor.waitingNode('Sora Video').waitFor();
	return tasks;
}
