import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { type INode } from 'n8n-workflow';
import { chromium, selectors, type Browser, type Locator, type Page } from 'playwright-core';

import { OWNER, type SavedWorkflow } from '../../../tools/n8n-server/client';
import type { Installation, InstallationOptions } from '../../../tools/n8n-server/installation';
import { REPO_DIR, RUN_DIR } from '../../../tools/n8n-server/paths';
import { chain } from '../../../tools/n8n-server/workflows';
import { openInstallation } from '../../e2e/lib/installation';
import { smaller } from './png';

/** With UI_PICTURES=1 the pictures of the documentation are made anew; else they land beside the logs. */
export const PICTURES =
	process.env.UI_PICTURES === '1' ? path.join(REPO_DIR, 'docs/images') : path.join(RUN_DIR, 'pictures');

/** What n8n's panels are laid out for; pictures come out 1280 wide. */
export const VIEWPORT = { width: 1440, height: 900 };
export const SCALE = 1280 / VIEWPORT.width;

/** Without what moves, and without the notifications that cover a page for a while. */
const STILL = { animations: 'disabled', style: '.el-notification { display: none !important }' } as const;

/** An n8n and a browser that is signed in to it, from the start of a test file to its end. */
export interface Ui {
	n8n: Installation;
	editor: Editor;
}

/** Opens them for the tests of the calling file, under a name that no other file has. */
export function openUi(name: string, options: Partial<InstallationOptions> = {}, theme?: Theme): Ui {
	const ui = { n8n: openInstallation({ name, ...options }) } as Ui;
	beforeAll(async () => {
		ui.editor = await Editor.open(ui.n8n, theme);
	}, 240_000);
	afterAll(async () => await ui.editor?.close());
	return ui;
}

/** What must hold at the end of every file. */
export function endsWell(ui: Ui): void {
	it('no page of it threw, and EvoLink found nothing out of order', () => {
		expect(ui.editor.pageErrors).toEqual([]);
		expect(ui.n8n.evolink.violations).toEqual([]);
	});
}

/** Saves a workflow of these nodes, each behind the one before, and opens its node Sora Video. */
export async function openSoraVideo({ n8n, editor }: Ui, name: string, nodes: INode[]): Promise<void> {
	nodes.forEach((node, at) => (node.position = [at * 220, 0]));
	const draft = { name, nodes, connections: chain(...nodes) };
	await editor.openWorkflow(await n8n.client.createWorkflow(draft));
	await editor.openNode('Sora Video');
}

export type Theme = 'light' | 'dark';

/** What the browser shows of one installation, signed in as its owner. */
export class Editor {
	/** Uncaught exceptions in the page. Must stay empty. */
	readonly pageErrors: string[] = [];

	private constructor(
		private readonly browser: Browser,
		readonly page: Page,
		private readonly url: string,
	) {
		page.on('pageerror', ({ message }) => this.pageErrors.push(message));
	}

	static async open({ main }: Pick<Installation, 'main'>, colorScheme: Theme = 'light'): Promise<Editor> {
		selectors.setTestIdAttribute('data-test-id');
		const browser = await chromium.launch({
			executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
			args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
		});
		const context = await browser.newContext({
			viewport: VIEWPORT,
			deviceScaleFactor: SCALE,
			colorScheme,
		});
		context.setDefaultTimeout(60_000);
		const editor = new Editor(browser, await context.newPage(), main.url);
		try {
			await editor.signIn();
			return editor;
		} catch (error) {
			await browser.close();
			throw error;
		}
	}

	async close(): Promise<void> {
		await this.browser.close();
	}

	private async signIn(): Promise<void> {
		await this.page.goto(`${this.url}/signin`);
		await this.page.locator('input[name="emailOrLdapLoginId"]').fill(OWNER.email);
		await this.page.locator('input[name="password"]').fill(OWNER.password);
		await this.page.getByRole('button', { name: 'Sign in' }).click();
		await this.page.waitForURL(({ pathname }) => !pathname.includes('signin'));
	}

	async openWorkflow({ id }: SavedWorkflow): Promise<void> {
		await this.page.goto(`${this.url}/workflow/${id}`);
		await this.page.getByTestId('canvas-node').first().waitFor();
	}

	async newWorkflow(): Promise<void> {
		await this.page.goto(`${this.url}/workflow/new`);
		await this.page.getByTestId('canvas-add-button').waitFor();
	}

	/** Changes the theme of the system, which n8n follows. */
	async setTheme(colorScheme: Theme): Promise<void> {
		await this.page.emulateMedia({ colorScheme });
	}

	/** A node on the canvas. */
	node(name: string): Locator {
		return this.page.locator(`[data-test-id="canvas-node"][data-node-name="${name}"]`);
	}

	/** The same while its execution is suspended there. */
	waitingNode(name: string): Locator {
		return this.page.locator(`[data-test-id="canvas-node"].waiting[data-node-name="${name}"]`);
	}

	/** Opens a node's panel. */
	async openNode(name: string): Promise<void> {
		await this.node(name).dblclick();
		await this.page.getByTestId('node-parameters').waitFor();
	}

	async closeNode(): Promise<void> {
		await this.page.getByTestId('ndv-close-button').click();
		await this.page.getByTestId('ndv').waitFor({ state: 'hidden' });
	}

	/** Searches in the node panel. What it finds comes into `entries` a little later. */
	async search(text: string): Promise<void> {
		const bar = this.page.getByTestId('node-creator-search-bar');
		if (!(await bar.isVisible())) await this.page.getByTestId('canvas-add-button').click();
		await bar.fill(text);
	}

	/** Entries of the node panel. */
	get entries(): Locator {
		return this.page.getByTestId('item-iterator-item');
	}

	/** The input of a parameter of the open node, by the parameter's name. */
	field(name: string): Locator {
		return this.page.getByTestId('node-parameters').getByTestId(`parameter-input-${name}`);
	}

	/** Names of the parameters that the open node shows, in their order. */
	async fields(): Promise<string[]> {
		const shown = this.page.locator(
			'[data-test-id="node-parameters"] [data-test-id^="parameter-input-"]:visible',
		);
		const ids = await shown.evaluateAll((elements) =>
			elements.map((element) => element.getAttribute('data-test-id') ?? ''),
		);
		return ids.map((id) => id.replace('parameter-input-', '')).filter((name) => name !== 'field');
	}

	/** Names of the fields of the open node that n8n marks as wrong. */
	async issues(): Promise<string[]> {
		const marks = this.page
			.getByTestId('node-parameters')
			.getByTestId('parameter-issues')
			.filter({ visible: true });
		return await marks.evaluateAll((elements) =>
			elements.map((element) => {
				const field = element.closest('[data-test-id^="parameter-input-"]');
				return field?.getAttribute('data-test-id')?.replace('parameter-input-', '') ?? 'unknown';
			}),
		);
	}

	/** Chooses an entry of an option list by its title. */
	async choose(name: string, title: string): Promise<void> {
		// options that n8n loads cannot be chosen before
		await this.field(name).locator('input:not([disabled])').first().click();
		await this.option(title).click();
		await this.option(title).waitFor({ state: 'hidden' });
	}

	/** Turns a switch on or off. */
	async toggle(name: string): Promise<void> {
		await this.field(name).locator('.el-switch').click();
	}

	/** Titles of an option list's entries; opens the list and closes it. */
	async titles(name: string): Promise<string[]> {
		await this.field(name).click();
		const entries = this.page.locator('.el-select-dropdown__item:visible .list-option .option-headline');
		await entries.first().waitFor();
		const titles = await entries.allInnerTexts();
		await this.page.keyboard.press('Escape');
		await entries.first().waitFor({ state: 'hidden' });
		return titles.map((title) => title.trim());
	}

	private option(title: string): Locator {
		const headline = this.page.locator('.option-headline').getByText(title, { exact: true });
		return this.page.locator('.el-select-dropdown__item:visible').filter({ has: headline });
	}

	/** Titles under 'Add option'. */
	async addableOptions(): Promise<string[]> {
		await this.page.getByTestId('collection-parameter-add').click();
		const entries = this.page.getByTestId('collection-parameter-option').filter({ visible: true });
		await entries.first().waitFor();
		const titles = await entries.allInnerTexts();
		await this.page.keyboard.press('Escape');
		await entries.first().waitFor({ state: 'hidden' });
		return titles;
	}

	/** Replaces a text field's content. */
	async type(name: string, text: string): Promise<void> {
		await this.field(name).locator('input, textarea, .cm-content').first().click();
		await this.page.keyboard.press('ControlOrMeta+A');
		await this.page.keyboard.type(text);
	}

	/** Runs the open node, and returns when its output panel shows an end. */
	async executeStep(): Promise<'success' | 'error'> {
		await this.page.getByTestId('node-execute-button').click();
		const success = this.page.getByTestId('node-run-status-success');
		const error = this.page.getByTestId('node-run-status-danger');
		await success.or(error).first().waitFor({ timeout: 60_000 });
		// the run itself ends a little later
		await this.page.getByTestId('node-execute-button').getByText('Execute step').waitFor();
		return (await success.isVisible()) ? 'success' : 'error';
	}

	get output(): Locator {
		return this.page.getByTestId('output-panel');
	}

	/** The error that the output panel shows: its title, and what stands below it. */
	async error(): Promise<{ message: string; description: string }> {
		const message = await this.output.getByTestId('node-error-message').innerText();
		const description = this.output.getByTestId('node-error-description');
		return {
			message: message.trim(),
			description: (await description.isVisible()) ? (await description.innerText()).trim() : '',
		};
	}

	/** Texts and fields of the open node's form that are cut off, or lie on the next one. */
	async cut(): Promise<string[]> {
		return await this.page.getByTestId('node-parameters').evaluate((form) => {
			const shown = [...form.querySelectorAll<HTMLElement>('*')].filter((element) =>
				element.checkVisibility(),
			);
			const texts = shown.filter(
				({ childNodes, tagName }) =>
					tagName === 'INPUT' ||
					[...childNodes].some(({ nodeType, textContent }) => nodeType === 3 && textContent?.trim()),
			);
			const cutOff = texts
				.filter(({ scrollWidth, clientWidth }) => clientWidth > 0 && scrollWidth > clientWidth + 1)
				.map(
					(element) => `cut off: ${element instanceof HTMLInputElement ? element.value : element.innerText}`,
				);
			const fields = [...form.querySelectorAll<HTMLElement>(':scope > *')]
				.map((element) => element.getBoundingClientRect())
				.filter(({ height }) => height > 0);
			const over = fields.slice(1).filter(({ top }, at) => top < fields[at].bottom - 1);
			return [...cutOff, ...over.map(({ top }) => `on the field before it: the field at ${Math.round(top)}`)];
		});
	}

	/** Changes the size of the window, which n8n's panels follow. */
	async resize(width: number, height: number): Promise<void> {
		await this.page.setViewportSize({ width, height });
	}

	/** Another window of the same browser. */
	async openPage(url: string): Promise<Page> {
		const page = await this.page.context().newPage();
		page.on('pageerror', ({ message }) => this.pageErrors.push(message));
		await page.goto(url);
		return page;
	}

	/** Takes a picture for the documentation once nothing moves any more. */
	async picture(name: string): Promise<void> {
		await this.save(path.join(PICTURES, `${name}.png`));
	}

	/** Takes a picture to look at, beside the logs. */
	async look(name: string): Promise<void> {
		await this.save(path.join(RUN_DIR, 'pictures', `${name}.png`));
	}

	private async save(file: string): Promise<void> {
		mkdirSync(path.dirname(file), { recursive: true });
		await this.page.waitForFunction(() => !document.querySelector('input[placeholder^="Loading"]'));
		await this.page.mouse.move(720, 3);
		writeFileSync(file, smaller(await this.page.screenshot(STILL)));
	}

	/** A picture of a part of the page, as a PNG. */
	async pictureOf(part: Locator): Promise<Buffer> {
		await this.page.mouse.move(720, 3);
		return await part.screenshot(STILL);
	}
}
