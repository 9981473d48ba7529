import { Html } from '../../host/html';

export const STATUS_STYLE = new Html(`
:root { color-scheme: light dark; --card: #f5f6f8; --line: #d5d9e0; --soft: #5a6270; --bad: #b42318; --good: #18794e; --accent: #ea4b71; }
@media (prefers-color-scheme: dark) { :root { --card: #26282d; --line: #3c4048; --soft: #a9b0bc; --bad: #ff9d94; --good: #6ad1a0; --accent: #ff6d8d; } }
* { box-sizing: border-box; }
body { max-width: 76rem; margin: 0 auto; padding: 1rem; font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.3rem; margin: 0; }
h2 { font-size: 1rem; margin: 0 0 .25rem; }
h2 small, .facts { color: var(--soft); font-weight: normal; font-size: .875rem; }
p { margin: .25rem 0; }
p:empty { display: none; }
#note, #trouble { border-left: 4px solid var(--accent); padding: .25rem .75rem; background: var(--card); }
main { display: grid; gap: .5rem .75rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); }
main > p, section:only-of-type { grid-column: 1 / -1; max-width: 44rem; margin: 0; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; }
.state { font-weight: 600; }
.completed .state { color: var(--good); }
.failed .state, .refused .state, .cancelled .state { color: var(--bad); }
progress { width: min(14rem, 50%); accent-color: var(--accent); vertical-align: middle; }
code { font-size: .8125rem; }
#whole progress { width: min(30rem, 60%); }
video, img { display: block; width: 100%; max-height: 12rem; margin-top: .5rem; border-radius: .25rem; background: #000; }
img { width: auto; max-width: 100%; }
section:only-of-type :is(video, img) { max-height: 70vh; }
.over #wake, .over #trouble, .over #whole, .over progress { display: none; }
`);

/** While the run is awake n8n answers 409, whether it ends or parks again: for so many times the page asks on. */
const AWAKE_ANSWERS = 6;

/** Asks for the page again and again. Parts that are sent as they were before stay, playing videos with them. */
export function statusScript(
	notes: Record<'unreachable' | 'invalid' | 'continued' | 'troubled', string>,
	refreshMs: number,
): Html {
	return new Html(`
const notes = ${JSON.stringify(notes)};
const note = document.getElementById('note');
const partsOf = (page) => page.querySelectorAll('main > [id]');
const sent = new Map(Array.from(partsOf(document), (part) => [part.id, part.outerHTML]));
let awake = 0;
// the viewer's own clock, where the page names the time of the workflow's zone
const localize = (part) => {
	for (const time of part.querySelectorAll('time'))
		time.textContent = new Date(time.dateTime).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
};
localize(document);
const say = (text) => { note.textContent = text; note.hidden = text === ''; };
const over = (isOver) => document.body.classList.toggle('over', isOver);
const show = (page) => {
	// the style would be refused, because it has the nonce of another page
	const main = page.slice(page.indexOf('<main'), page.indexOf('</main>'));
	const fresh = new DOMParser().parseFromString(main, 'text/html');
	document.title = fresh.querySelector('main').dataset.title;
	for (const part of partsOf(fresh)) {
		if (part.outerHTML === sent.get(part.id)) continue;
		sent.set(part.id, part.outerHTML);
		localize(part);
		document.getElementById(part.id).replaceWith(document.adoptNode(part));
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
		show(await answer.text());
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
const again = () => setTimeout(async () => { if (await ask().catch(() => true)) again(); }, ${refreshMs});
again();
`);
}
