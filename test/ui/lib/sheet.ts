import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { type Page } from 'playwright-core';

import { escaped } from '../../../nodes/host/html';
import { smaller } from './png';

/** One card of a contact sheet: what led there, and a picture of what the editor shows, or its words in the same style. */
export type Card = { title: string } & ({ picture: Buffer } | { message: string; description?: string });

/** Pictures keep their pixels: what is scaled cannot be read, and makes a large file. */
const WIDTH = 1280;
const STYLE = `
	body { margin: 0; padding: 4px 6px; font: 12px/1.4 Inter, 'Liberation Sans', sans-serif; background: #f4f4f4; color: #444; columns: 3; column-gap: 8px }
	h1 { column-span: all; font-size: 16px; margin: 8px 0 12px; color: #222 }
	section { break-inside: avoid; margin-bottom: 12px; padding: 8px 10px; background: #fff; border: 1px solid #ddd; border-radius: 4px }
	h2 { margin: 0 0 6px; font-size: 12px; font-weight: normal; color: #777 }
	section:has(img) { padding: 8px 0 0; border: 0; background: none }
	section:has(img) h2 { padding-left: 10px }
	img { display: block }
	b { display: block; color: #e0182d; font-weight: 600; overflow-wrap: anywhere }
	p { margin: 6px 0 0; overflow-wrap: anywhere }`;

function cardOf(card: Card): string {
	const title = `<h2>${escaped(card.title)}</h2>`;
	if ('picture' in card)
		return `<section>${title}<img src="data:image/png;base64,${card.picture.toString('base64')}"></section>`;
	const description = card.description === undefined ? '' : `<p>${escaped(card.description)}</p>`;
	return `<section>${title}<b>${escaped(card.message)}</b>${description}</section>`;
}

/** Renders cards under headings into one picture, in a page of its own. */
export async function renderSheet(page: Page, file: string, parts: Record<string, Card[]>): Promise<void> {
	const sections = Object.entries(parts).map(
		([heading, cards]) => `<h1>${escaped(heading)}</h1>${cards.map(cardOf).join('')}`,
	);
	const context = await page
		.context()
		.browser()!
		.newContext({ viewport: { width: WIDTH, height: 100 } });
	const sheet = await context.newPage();
	await sheet.setContent(`<!doctype html><style>${STYLE}</style>${sections.join('')}`, { waitUntil: 'load' });
	mkdirSync(path.dirname(file), { recursive: true });
	writeFileSync(file, smaller(await sheet.screenshot({ fullPage: true })));
	await context.close();
}
