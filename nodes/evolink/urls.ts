/** Which URLs may be handed out and which fetched. WHATWG's parser has made all spellings of an IPv4 address dotted ones by then. */

export type UrlCheck = { ok: true; url: URL } | { ok: false; reason: string };

/** Blocks that are not on the public internet: IANA's special-purpose registries (RFC 6890 and successors). */
const PRIVATE_IPV4 = (
	[
		['0.0.0.0', 8],
		['10.0.0.0', 8],
		['100.64.0.0', 10],
		['127.0.0.0', 8],
		['169.254.0.0', 16],
		['172.16.0.0', 12],
		['192.0.0.0', 24],
		['192.0.2.0', 24],
		['192.88.99.0', 24],
		['192.168.0.0', 16],
		['198.18.0.0', 15],
		['198.51.100.0', 24],
		['203.0.113.0', 24],
		['224.0.0.0', 4],
		['240.0.0.0', 4],
	] as const
).map(([base, bits]) => ({ base: ipv4Number(base), size: 2 ** (32 - bits) }));

/** Names that resolve inside a house only (RFC 6761, RFC 8375, mDNS, routers, clusters), and two for this very machine. */
const PRIVATE_NAME =
	/(^|\.)(localhost|localdomain|local|internal|intranet|lan|home|corp|home\.arpa|onion|svc|consul|docker|lvh\.me|localtest\.me)$/;

/** Public names that lead to the address which stands in them: `127.0.0.1.nip.io`, `app-10-0-0-1.sslip.io`, `7f000001.nip.io`. */
const NAMES_AN_ADDRESS = /\.(nip\.io|sslip\.io|xip\.io|traefik\.me)$/;

function ipv4Number(host: string): number {
	return host.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function isPrivateIpv4(address: number): boolean {
	return PRIVATE_IPV4.some(({ base, size }) => address >= base && address < base + size);
}

/** The eight 16-bit groups of an IPv6 address as the URL parser writes it (no dotted tail). */
function ipv6Groups(host: string): number[] {
	const [left, right = []] = host.split('::').map((half) =>
		half
			.split(':')
			.filter(Boolean)
			.map((group) => parseInt(group, 16)),
	);
	return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function isPrivateIpv6(groups: number[]): boolean {
	const first = groups[0];
	const embedded = (at: number) => isPrivateIpv4(groups[at] * 65536 + groups[at + 1]);
	const zeroUntil = (end: number) => groups.slice(0, end).every((group) => group === 0);
	if (zeroUntil(5) && groups[5] === 0xffff) return embedded(6);
	if (zeroUntil(4) && groups[4] === 0xffff && groups[5] === 0) return embedded(6);
	if (first === 0x64 && groups[1] === 0xff9b) return groups.slice(2, 6).some(Boolean) || embedded(6);
	if (first === 0x2002) return embedded(1);
	// Global unicast is 2000::/3; all else (loopback, unique local, link local, multicast, unspecified) is not reachable.
	if (first < 0x2000 || first > 0x3fff) return true;
	if (first === 0x3fff) return groups[1] < 0x1000;
	return first === 0x2001 && (groups[1] === 0xdb8 || groups[1] < 0x200);
}

/** Where a name holds several addresses, these services differ in which they mean: one private one is enough. */
function namesPrivateAddress(name: string): boolean {
	const dotted = name.matchAll(/(?<!\d)(?=(\d+)[.-](\d+)[.-](\d+)[.-](\d+)(?!\d))/g);
	const spelled = [
		...Array.from(dotted, (parts) => parts.slice(1).join('.')),
		...Array.from(name.matchAll(/(?<![^.-])[\da-f]{8}(?![^.-])/g), ([hex]) => `0x${hex}`),
		...name.split('.').map((label) => `[${label.replaceAll('-', ':')}]`),
	];
	return spelled.some((host) => {
		const url = parse(`http://${host}`);
		return url !== undefined && isPrivateHost(url);
	});
}

/** Whether a URL's host is not on the public internet, however it was spelled. Names without a dot count as private. */
export function isPrivateHost({ hostname }: URL): boolean {
	if (hostname.startsWith('[')) return isPrivateIpv6(ipv6Groups(hostname.slice(1, -1)));
	const host = hostname.replace(/\.+$/, '');
	// The parser takes a host for an IPv4 address by its last part, and refuses it if the rest does not fit.
	if (/\.\d+$/.test(host)) return isPrivateIpv4(ipv4Number(host));
	if (NAMES_AN_ADDRESS.test(host)) return namesPrivateAddress(host.replace(NAMES_AN_ADDRESS, ''));
	return !host.includes('.') || PRIVATE_NAME.test(host);
}

function parse(text: string): URL | undefined {
	return URL.canParse(text) ? new URL(text) : undefined;
}

/** An http or https URL without credentials in it, private or not. `reason` completes "it …". */
export function checkHttpUrl(text: string): UrlCheck {
	const url = parse(text.trim());
	if (!url) return { ok: false, reason: 'is not a URL' };
	if (url.protocol !== 'https:' && url.protocol !== 'http:') {
		return { ok: false, reason: `starts with '${url.protocol}' where http:// or https:// is needed` };
	}
	if (url.username || url.password) return { ok: false, reason: 'holds a user name or password' };
	return { ok: true, url };
}

/** A URL that anybody on the internet can reach over https. `reason` completes "it …". */
export function checkPublicHttpsUrl(text: string): UrlCheck {
	const checked = checkHttpUrl(text);
	if (!checked.ok) return checked;
	if (checked.url.protocol !== 'https:') return { ok: false, reason: 'is http where https is needed' };
	if (isPrivateHost(checked.url)) {
		return { ok: false, reason: `names the private host '${checked.url.hostname}'` };
	}
	return checked;
}

/** Of results: public https; http or a private host only where the credential names it (a gateway), and not after a redirect. */
export function checkMediaUrl(text: string, trustedHosts: readonly string[], hop: number): UrlCheck {
	const checked = checkHttpUrl(text);
	if (!checked.ok) return checked;
	if (hop === 0 && trustedHosts.includes(checked.url.origin)) return checked;
	return checkPublicHttpsUrl(text);
}

export function originOf(baseUrl: string): string | undefined {
	return parse(baseUrl)?.origin;
}
