import { DateTime } from 'luxon';
import countBy from 'lodash/countBy';
import max from 'lodash/max';
import sumBy from 'lodash/sumBy';
import truncate from 'lodash/truncate';
import uniq from 'lodash/uniq';

import { creditsInWords } from '../../evolink/prices';
import type { Phase } from '../../evolink/task';
import { inWords, markup, type Html } from '../../host/html';
import { STATUS_STYLE, statusScript } from './assets';
import type { TaskView } from './taskView';

export interface StatusPage {
	workflow?: string;
	/** `url`: where n8n shows it, to those who may see it. */
	execution: { id: string; url?: string };
	items: readonly StatusItem[];
	/** `woken`: by this very page. `ended`: all tasks have ended, and the timer lets the run go on. */
	state: 'waiting' | 'woken' | 'ended';
	/** Whether EvoLink was asked to call back. */
	callbackExpected: boolean;
	/** ms since 1970, when n8n's timer is due. */
	wakesAt: number;
	/** ms since 1970. */
	now: number;
	/** IANA name, as in the workflow's settings. */
	timezone: string;
	trouble?: string;
	/** Allows this page's own script and style. */
	nonce: string;
}

export type StatusItem =
	| { item: number; problem: string }
	/** Nothing is ordered yet. `since`: ms since 1970, when EvoLink last took an order of the run. */
	| { item: number; turn: number; turns: number; since: number }
	| {
			item: number;
			id: string;
			/** Absent where it is not known, or the order had none. */
			prompt?: string;
			/** ms since 1970. */
			orderedAt?: number;
			/** Absent as long as no read of the task has succeeded. */
			view?: TaskView;
	  };

const PROMPT_SHOWN = 160;

/** The counts are of all. */
const ITEMS_SHOWN = 500;

/** More would be a crowd of requests at once. */
const PLAYERS_LOADED = 12;

const REFRESH_MS = 5000;

const NOTES = {
	unreachable: 'n8n cannot be reached. This page keeps trying.',
	invalid: 'This link is no longer valid.',
	continued: 'The workflow has continued. Its execution in n8n shows what came of it.',
	troubled: 'n8n cannot show the status at the moment. This page keeps trying.',
};

/**
 * Its own script and style, asking n8n again, images and videos by https or where the credential's own hosts show them.
 * `sandbox` is n8n's own measure: it keeps the page out of the session of whoever is logged in to n8n.
 */
export function contentSecurityPolicy(nonce: string, trustedHosts: readonly string[]): string {
	const media = uniq(['https:', ...trustedHosts.filter((origin) => !origin.startsWith('https:'))]).join(' ');
	return [
		"default-src 'none'",
		`script-src 'nonce-${nonce}'`,
		`style-src 'nonce-${nonce}'`,
		"connect-src 'self'",
		`img-src data: ${media}`,
		`media-src ${media}`,
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
		'sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox allow-downloads',
	].join('; ');
}

/** A task that has not been read yet counts as running. */
export function standOf(item: StatusItem): Phase | 'refused' | 'queued' {
	if ('problem' in item) return 'refused';
	return 'turn' in item ? 'queued' : (item.view?.phase ?? 'running');
}

const isOpen = (item: StatusItem) => ['running', 'queued'].includes(standOf(item));

/** Only `now` makes a difference between two calls with the same tasks. */
export function renderStatusPage(page: StatusPage): string {
	const { items, nonce } = page;
	const open = items.filter(isOpen).length;
	const title =
		open === 0
			? 'Sora Video: all tasks have ended'
			: `Sora Video: ${items.length - open} of ${items.length} ended`;
	const shown = items.slice(0, ITEMS_SHOWN);
	let players = 0;
	const sections = shown.map((item) => {
		const hasPlayer = 'id' in item && item.view?.result?.isVideo === true;
		if (hasPlayer) players += 1;
		return section(item, page.now, items.length > 1, players <= PLAYERS_LOADED);
	});
	const hidden = items.length - shown.length;
	const reload =
		players === 0 && open > 0 && markup`<noscript><meta http-equiv="refresh" content="15"></noscript>`;
	return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${reload}
<title>${title}</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${STATUS_STYLE}</style>
</head>
<body>
<h1>Sora Video</h1>
<p class="facts">${origin(page)}</p>
<p id="note" role="status" hidden></p>
<main data-title="${title}">
<p id="summary">${summary(items)}</p>
<p id="whole">${open > 0 && whole(items, page.now)}</p>
<p id="wake">${whatWakes(page)}</p>
<p id="trouble" role="status">${page.trouble}</p>
${sections}
<p>${hidden > 0 && `And ${hidden} more items.`}</p>
</main>
<noscript><p><a href="">Reload</a></p></noscript>
<script nonce="${nonce}">${statusScript(NOTES, REFRESH_MS)}</script>
</body>
</html>
`.text;
}

function origin({ workflow, execution: { id, url } }: StatusPage): Html {
	const name = `execution ${id}`;
	const linked =
		url === undefined ? name : markup`<a href="${url}" target="_blank" rel="noopener">${name}</a>`;
	return markup`${workflow !== undefined && `Workflow '${workflow}', `}${linked}`;
}

function whole(items: readonly StatusItem[], now: number): Html {
	const percent = Math.floor(sumBy(items, percentOf) / items.length);
	const bar =
		items.length > 1 &&
		markup`<progress max="100" value="${percent}" aria-label="All items"></progress> ${percent} %. `;
	const left = max(items.map((item) => msLeft(item, now)));
	const inTime =
		left !== undefined &&
		(left > 0
			? `About ${inWords(left)} left, by EvoLink's estimate.`
			: 'Takes longer than EvoLink estimated.');
	return markup`${bar}${inTime}`;
}

function percentOf(item: StatusItem): number {
	if (!isOpen(item)) return 100;
	return 'id' in item ? (item.view?.progress ?? 0) : 0;
}

/** `undefined` for what has ended, and where EvoLink estimates nothing. */
function msLeft(item: StatusItem, now: number): number | undefined {
	if (!('id' in item) || item.view?.phase !== 'running') return undefined;
	const { orderedAt = item.view.createdAt, view } = item;
	if (orderedAt === undefined || view.estimatedSeconds === undefined) return undefined;
	return orderedAt + view.estimatedSeconds * 1000 - now;
}

function summary(items: readonly StatusItem[]): string {
	const counts = countBy(items, standOf);
	const named: ReadonlyArray<[key: string, words: string]> = [
		['completed', 'completed'],
		['running', 'in progress'],
		['queued', 'waiting for a turn'],
		['failed', 'failed'],
		['cancelled', 'cancelled'],
		['refused', 'without a task'],
	];
	const parts = named.flatMap(([key, words]) => (counts[key] ? [`${counts[key]} ${words}`] : []));
	const credits = sumBy(items, (item) => ('id' in item ? (item.view?.creditsReserved ?? 0) : 0));
	const reserved = credits > 0 ? ` EvoLink reserved ${creditsInWords(credits)}.` : '';
	const what = items.length === 1 ? '1 item' : `${items.length} items`;
	return `${what}: ${parts.join(', ')}.${reserved}`;
}

function whatWakes({ state, callbackExpected, wakesAt, now, timezone }: StatusPage): Html {
	const at = DateTime.fromMillis(wakesAt, { zone: timezone });
	const time = markup`<time datetime="${new Date(wakesAt).toISOString()}">${at.toFormat('HH:mm')} (${timezone})</time>`;
	const due = wakesAt <= now ? 'now' : markup`at ${time}, in ${inWords(wakesAt - now)}`;
	if (state === 'woken') return markup`The workflow continues now.`;
	if (state === 'ended') return markup`All tasks have ended. n8n continues the workflow ${due}.`;
	const timer = callbackExpected
		? markup`EvoLink then calls n8n; if the call is lost, n8n checks ${due}`
		: markup`n8n checks ${due}`;
	return markup`The workflow continues when all tasks have ended. ${timer}; this page refreshes every ${REFRESH_MS / 1000} seconds.`;
}

function section(item: StatusItem, now: number, isNumbered: boolean, isLoaded: boolean): Html {
	const prompt =
		'prompt' in item ? truncate(item.prompt, { length: PROMPT_SHOWN, omission: '…' }) : undefined;
	const number = isNumbered && markup`<small>Item ${item.item}</small> `;
	const heading = (isNumbered || prompt !== undefined) && markup`<h2>${number}${prompt}</h2>`;
	const parts =
		'problem' in item
			? markup`<p class="state">No task</p><p>${item.problem}</p>`
			: 'turn' in item
				? markup`<p class="state">Waiting for a turn at EvoLink (${item.turn} of ${item.turns}) for ${inWords(now - item.since)}; nothing ordered yet</p>`
				: taskParts(item, now, isLoaded);
	return markup`<section id="item-${item.item}" class="${standOf(item)}">${heading}${parts}</section>
`;
}

function taskParts(item: Extract<StatusItem, { id: string }>, now: number, isLoaded: boolean): Html {
	const { id, view, orderedAt } = item;
	return markup`<p class="state">${view?.status ?? 'not read yet'} ${view && progressBar(view)}</p>
<p class="facts">${facts(view, orderedAt, now).join(' · ')}</p>
<p class="facts"><code>${id}</code></p>
<p>${view?.reason}</p>
<p>${view?.name !== undefined && markup`Character: <code>${view.name}</code>`}</p>
${view?.result && media(view.result, isLoaded)}`;
}

function progressBar({ phase, progress }: TaskView): Html | undefined {
	if (phase !== 'running') return undefined;
	if (progress === undefined) return markup`<progress aria-label="Progress"></progress>`;
	return markup`<progress max="100" value="${progress}" aria-label="Progress"></progress> ${progress} %`;
}

/** What has ended must read the same each time: then the page leaves it alone, and with it a video that plays. */
function facts(view: TaskView | undefined, orderedAt: number | undefined, now: number): string[] {
	const { phase = 'running', estimatedSeconds, processingSeconds, creditsReserved } = view ?? {};
	const hasEnded = phase !== 'running';
	const ordered = orderedAt ?? view?.createdAt;
	return [
		!hasEnded && ordered !== undefined && `ordered ${inWords(now - ordered)} ago`,
		!hasEnded && estimatedSeconds !== undefined && `EvoLink estimates ${inWords(estimatedSeconds * 1000)}`,
		processingSeconds !== undefined && `took ${inWords(processingSeconds * 1000)}`,
		creditsReserved !== undefined && `${creditsInWords(creditsReserved)} reserved`,
	].filter((fact) => fact !== false);
}

function media({ url, isVideo }: NonNullable<TaskView['result']>, isLoaded: boolean): Html {
	const shown = isVideo
		? markup`<video controls playsinline preload="${isLoaded ? 'metadata' : 'none'}" src="${url}"></video>`
		: markup`<img loading="lazy" alt="The result" src="${url}">`;
	return markup`${shown}<p><a href="${url}" target="_blank" rel="noopener noreferrer">Open in a new tab</a></p>`;
}
