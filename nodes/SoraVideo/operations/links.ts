import { checkHttpUrl, isPrivateHost, type UrlCheck } from '../../evolink/urls';
import type { ItemParameters } from '../../host/parameters';

/** Sent as it was given, or not at all: WHATWG's parser would mend it, and so make one invented URL of two. */
export function checkGivenUrl(given: string): UrlCheck {
	const text = given.trim();
	const several = urlsIn(text);
	if (several.length > 1) {
		return { ok: false, reason: `holds ${several.length} URLs: ${several.join(' and ')}` };
	}
	const checked = checkHttpUrl(text);
	if (!checked.ok) return checked;
	if (/[\s\\]/.test(text)) return { ok: false, reason: 'has a blank or a backslash in it' };
	if (!/^https?:\/\/[^/]/i.test(text)) return { ok: false, reason: 'is not a URL' };
	if (isPrivateHost(checked.url)) {
		const reason = `names the private host '${checked.url.hostname}', which EvoLink cannot reach: give the file in a binary field instead`;
		return { ok: false, reason };
	}
	return checked;
}

/** @throws ProblemError for what EvoLink could not fetch */
export function readUrl(parameters: ItemParameters, name: string): string {
	const given = parameters.text(name);
	const checked = checkGivenUrl(given);
	if (checked.ok) return given;
	const reason = given === '' ? '' : ` (this one ${checked.reason})`;
	throw parameters.refuse(name, given, `an http or https URL that EvoLink can fetch${reason}`);
}

/** What a sheet's cell may hold several of. A URL may stand in the query of another, after a comma even. */
function urlsIn(text: string): string[] {
	const isInQuery = /^\S*\?\S*=\S*$/.test(text);
	const parts = text.split(isInQuery ? /\s+(?=https?:)/ : /[\s,;|]+(?=https?:)/);
	return parts.filter((part) => /^https?:/i.test(part));
}

/** A service whose links lead to a page about a file: what to say, with the direct link where there is one. */
interface PageService {
	hosts: RegExp;
	direct?(url: URL): string | undefined;
}

const PAGES: readonly PageService[] = [
	{
		hosts: /^(drive|docs)\.google\.com$/,
		direct: ({ pathname, searchParams }) => {
			const id = /\/d\/([\w-]+)/.exec(pathname)?.[1] ?? searchParams.get('id');
			return id === null ? undefined : `https://drive.google.com/uc?export=download&id=${id}`;
		},
	},
	{ hosts: /^(www\.)?dropbox\.com$/, direct: (url) => withParameter(url, 'dl', '1') },
	{
		hosts: /(^|\.)sharepoint\.com$|^onedrive\.live\.com$/,
		direct: (url) => withParameter(url, 'download', '1'),
	},
	{ hosts: /^1drv\.ms$|^(www\.)?icloud\.com$|^photos\.(google\.com|app\.goo\.gl)$/ },
	{ hosts: /^(www\.)?imgur\.com$|^(www\.)?tmpfiles\.org$/ },
	{
		hosts:
			/(^|\.)(youtube\.com|youtu\.be|tiktok\.com|instagram\.com|facebook\.com|vimeo\.com|pinterest\.com|x\.com|twitter\.com)$/,
	},
];

function withParameter(url: URL, name: string, value: string): string {
	const direct = new URL(url);
	direct.searchParams.set(name, value);
	return direct.href;
}

/** What to do about a URL that leads to a page instead of a file. */
export function pageAdvice(url: URL): string | undefined {
	const service = PAGES.find(({ hosts }) => hosts.test(url.hostname));
	const direct = service?.direct?.(url);
	if (service === undefined || direct === url.href || isDirect(url)) return undefined;
	const remedy =
		direct === undefined
			? 'Download the file in n8n and give it in a binary field'
			: `The direct link would be ${direct}`;
	return `leads to a page of ${url.hostname}, not to a file. ${remedy}.`;
}

/** Drive's own direct form, and Dropbox's raw one. */
function isDirect({ hostname, pathname, searchParams }: URL): boolean {
	if (hostname === 'drive.google.com') return pathname === '/uc' && searchParams.get('export') === 'download';
	return (
		searchParams.get('raw') === '1' || (hostname.endsWith('tmpfiles.org') && pathname.startsWith('/dl/'))
	);
}
