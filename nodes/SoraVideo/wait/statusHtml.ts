import { DateTime } from 'luxon';
import countBy from 'lodash/countBy';
import sumBy from 'lodash/sumBy';
import truncate from 'lodash/truncate';

import { roundCredits } from '../../evolink/prices';
import { Html, markup } from '../../host/html';
import type { TaskView } from './taskView';

/** The status page of a parked run, out of plain data. */
export interface StatusPage {
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
	/** Why the tasks, or some of them, cannot be read now. */
	trouble?: string;
	/** Allows this page's own script and style. */
	nonce: string;
}

export type StatusItem =
	/** Nothing was ordered. */
	| { item: number; problem: string }
	| {
			item: number;
			id: string;
			/** Absent where it is not known, or the order had none. */
			prompt?: string;
			/** ms since 1970. */
			orderedAt?: number;
			/** Absent as long as no read of the task has succeeded. */
			view?: TaskView;
			/** Whether a browser may load the result. */
			isSafe: boolean;
	  };

const PROMPT_SHOWN = 160;

/** The counts are of all. */
const ITEMS_SHOWN = 500;

/** So many players load the beginning of their video; more would be a crowd of requests at once. */
const PLAYERS_LOADED = 12;

/** How often an open page asks. */
const REFRESH_MS = 5000;

/** While the run is awake n8n answers 409, whether it ends or parks again: for so many times the page asks on. */
const AWAKE_ANSWERS = 6;

/**
 * What the page may do: its own script and style, asking n8n again, and pictures and videos by https or from the origins that
 * the credential names. `sandbox` is n8n's own measure for pages of webhooks: it keeps the page out of the session of whoever
 * is logged in to n8n, whatever might get into it.
 */
export function contentSecurityPolicy(nonce: string, trustedHosts: readonly string[]): string {
	const media = ['https:', ...trustedHosts].join(' ');
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

/** `95 s`, `12 min`, `2 h 5 min`. */
export function inWords(ms: number): string {
	const seconds = Math.max(Math.round(ms / 1000), 0);
	if (seconds < 120) return `${seconds} s`;
	const minutes = Math.round(seconds / 60);
	if (minutes < 60) return `${minutes} min`;
	return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`;
}

const isWaitedFor = (item: StatusItem) =>
	!('problem' in item) && (item.view === undefined || item.view.phase === 'running');

/** @returns the whole page; only `now` makes a difference between two calls with the same tasks */
export function renderStatusPage(page: StatusPage): string {
	const { items, nonce } = page;
	const open = items.filter(isWaitedFor).length;
	const title = open === 0 ? 'all tasks have ended' : `${items.length - open} of ${items.length} ended`;
	const shown = items.slice(0, ITEMS_SHOWN);
	let players = 0;
	const sections = shown.map((item) => {
		const hasPlayer = !('problem' in item) && item.isSafe && item.view?.result?.isVideo === true;
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
<title>Sora Video: ${title}</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<h1>Sora Video</h1>
<p id="note" role="status" hidden></p>
<main>
<p id="summary">${summary(items)}</p>
<p id="wake">${whatWakes(page)}</p>
<p id="trouble" role="status">${page.trouble}</p>
${sections}
<p>${hidden > 0 && `And ${hidden} more items.`}</p>
</main>
<noscript><p><a href="">Reload</a></p></noscript>
<script nonce="${nonce}">${SCRIPT}</script>
</body>
</html>
`.text;
}

function summary(items: readonly StatusItem[]): string {
	const counts = countBy(items, (item) => ('problem' in item ? 'refused' : (item.view?.phase ?? 'running')));
	const named: ReadonlyArray<[key: string, words: string]> = [
		['completed', 'completed'],
		['running', 'in the making'],
		['failed', 'failed'],
		['cancelled', 'cancelled'],
		['refused', 'without a task'],
	];
	const told = named.flatMap(([key, words]) => (counts[key] ? [`${counts[key]} ${words}`] : []));
	const credits = roundCredits(
		sumBy(items, (item) => ('problem' in item ? 0 : (item.view?.creditsReserved ?? 0))),
	);
	const reserved = credits > 0 ? ` ${credits} credits are reserved for them.` : '';
	const what = items.length === 1 ? '1 item' : `${items.length} items`;
	return `${what}: ${told.join(', ')}.${reserved}`;
}

function whatWakes({ state, callbackExpected, wakesAt, now, timezone }: StatusPage): string {
	const at = DateTime.fromMillis(wakesAt, { zone: timezone });
	const due =
		wakesAt <= now ? 'now' : `at ${at.toFormat('HH:mm')} (${timezone}), in ${inWords(wakesAt - now)}`;
	if (state === 'woken') return 'All tasks have ended, and the workflow continues now.';
	if (state === 'ended') return `All tasks have ended. n8n's timer continues the workflow ${due}.`;
	const timer = callbackExpected
		? `EvoLink calls n8n back. If the call is lost, n8n's timer looks ${due}`
		: `n8n's timer looks ${due}`;
	return `The workflow continues when all tasks have ended. ${timer}; so does this page while it is open.`;
}

function section(item: StatusItem, now: number, isNumbered: boolean, isLoaded: boolean): Html {
	const prompt =
		'prompt' in item ? truncate(item.prompt, { length: PROMPT_SHOWN, omission: '…' }) : undefined;
	const number = isNumbered && markup`<small>Item ${item.item}</small> `;
	const heading = (isNumbered || prompt !== undefined) && markup`<h2>${number}${prompt}</h2>`;
	const phase = 'problem' in item ? 'refused' : (item.view?.phase ?? 'running');
	const parts =
		'problem' in item
			? markup`<p class="state">No task</p><p>${item.problem}</p>`
			: taskParts(item, now, isLoaded);
	return markup`<section id="item-${item.item}" class="${phase}">${heading}${parts}</section>
`;
}

function taskParts(item: Extract<StatusItem, { id: string }>, now: number, isLoaded: boolean): Html {
	const { id, view, orderedAt, isSafe } = item;
	return markup`<p class="state">${view?.status ?? 'not read yet'} ${view && progressBar(view)}</p>
<p class="facts">${facts(view, orderedAt, now).join(' · ')}</p>
<p class="facts"><code>${id}</code></p>
<p>${view?.reason}</p>
<p>${view?.name !== undefined && markup`Character: <code>${view.name}</code>`}</p>
${isSafe && view?.result && media(view.result, isLoaded)}`;
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
		creditsReserved !== undefined && `${creditsReserved} credits reserved`,
	].filter((fact) => fact !== false);
}

function media({ url, isVideo }: NonNullable<TaskView['result']>, isLoaded: boolean): Html {
	const shown = isVideo
		? markup`<video controls playsinline preload="${isLoaded ? 'metadata' : 'none'}" src="${url}"></video>`
		: markup`<img loading="lazy" alt="The result" src="${url}">`;
	return markup`${shown}<p><a href="${url}" target="_blank" rel="noopener noreferrer">Open it alone</a></p>`;
}

const STYLE = new Html(`
:root { color-scheme: light dark; --card: #f5f6f8; --line: #d5d9e0; --soft: #5a6270; --bad: #b42318; --good: #18794e; --accent: #ea4b71; }
@media (prefers-color-scheme: dark) { :root { --card: #26282d; --line: #3c4048; --soft: #a9b0bc; --bad: #ff9d94; --good: #6ad1a0; --accent: #ff6d8d; } }
* { box-sizing: border-box; }
body { max-width: 44rem; margin: 0 auto; padding: 1rem; font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.3rem; margin: 0; }
h2 { font-size: 1rem; margin: 0 0 .25rem; }
h2 small, .facts { color: var(--soft); font-weight: normal; font-size: .875rem; }
p { margin: .25rem 0; }
p:empty { display: none; }
#note, #trouble { border-left: 4px solid var(--accent); padding: .25rem .75rem; background: var(--card); }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; margin: .75rem 0; }
.state { font-weight: 600; }
.completed .state { color: var(--good); }
.failed .state, .refused .state, .cancelled .state { color: var(--bad); }
progress { width: min(14rem, 50%); accent-color: var(--accent); vertical-align: middle; }
code { font-size: .8125rem; }
video, img { display: block; width: 100%; max-height: 70vh; margin-top: .5rem; border-radius: .25rem; background: #000; }
img { width: auto; max-width: 100%; }
.over #wake, .over #trouble, .over progress { display: none; }
`);

/** What the script says. */
const NOTES = {
	unreachable: 'n8n cannot be reached now. This page goes on asking.',
	invalid: 'n8n does not take this link any more.',
	continued: 'The workflow has continued. Its execution in n8n shows what came of it.',
	troubled: 'n8n cannot show the status now. This page goes on asking.',
};

/** Parts that read the same as before stay as they are, playing videos with them. */
const SCRIPT = new Html(`
const notes = ${JSON.stringify(NOTES)};
const note = document.getElementById('note');
let awake = 0;
const say = (text) => { note.textContent = text; note.hidden = text === ''; };
const over = (isOver) => document.body.classList.toggle('over', isOver);
const show = (fresh) => {
	document.title = fresh.title;
	for (const part of fresh.querySelectorAll('main > [id]')) {
		const shown = document.getElementById(part.id);
		if (shown && !shown.isEqualNode(part)) shown.replaceWith(document.adoptNode(part));
	}
};
const ask = async () => {
	if (document.hidden) return true;
	let answer;
	try {
		answer = await fetch(location.href, { cache: 'no-store' });
	} catch {
		say(notes.unreachable);
		return true;
	}
	if (answer.ok) {
		show(new DOMParser().parseFromString(await answer.text(), 'text/html'));
		awake = 0; over(false); say('');
		return true;
	}
	if (answer.status === 401) {
		over(true); say(notes.invalid);
		return false;
	}
	if (answer.status === 404 || answer.status === 409) {
		awake += 1; over(true);
		say(notes.continued);
		return answer.status === 409 && awake < ${AWAKE_ANSWERS};
	}
	say(notes.troubled);
	return true;
};
const again = () => setTimeout(async () => { if (await ask().catch(() => true)) again(); }, ${REFRESH_MS});
again();
`);
