import fc from 'fast-check';

import { checkHttpUrl, checkMediaUrl, checkPublicHttpsUrl, originOf } from '../../../nodes/evolink/urls';
import { facts } from '../../contract/openapi';
import { always, PROPERTY_TIMEOUT_MS } from '../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

const { forbiddenHosts, forbiddenRanges } = facts.callback;

/** One host for each rule of EvoLink's about callback URLs, as the spec has them. */
const FORBIDDEN_BY_EVOLINK = [
	...[...forbiddenRanges.documented, ...forbiddenRanges.inferred].map((range) => {
		const [address = ''] = range.split('/');
		return address.includes(':') ? `[${address}]` : address;
	}),
	...forbiddenHosts.inferred.map((pattern) => pattern.replace('*', 'n8n')),
];

/** Hosts that nobody on the internet can reach, or that mean this very machine. */
const PRIVATE_HOSTS = [
	'localhost',
	'LOCALHOST',
	'localhost.',
	'localhost..',
	'api.localhost',
	'localhost.localdomain',
	'intranet',
	'n8n',
	'printer.local',
	'printer.local.',
	'vault.internal',
	'metadata.google.internal',
	'host.docker.internal',
	'n8n.default.svc.cluster.local',
	'nas.lan',
	'nas.2.lan',
	'home.arpa',
	'router.home.arpa',
	'fritz.home',
	'git.corp',
	'x.onion',
	'kubernetes.default.svc',
	'vault.service.consul',
	'web.docker',
	'lvh.me',
	'n8n.localtest.me',
	'127.0.0.1.nip.io',
	'127.0.0.1.nip.io.',
	'app.10.0.0.1.nip.io',
	'app-10-8-0-1.nip.io',
	'app-192-168-1-7.sslip.io',
	'7f000001.nip.io',
	'app-c0a80107.nip.io',
	'0a000001.sslip.io',
	'8.8.8.8.127.0.0.1.sslip.io',
	'1.127.0.0.1.sslip.io',
	'127.0.0.1.8.8.8.8.sslip.io',
	'--1.sslip.io',
	'www.fe80--1.sslip.io',
	'10.0.0.1.xip.io',
	'172-16-0-1.traefik.me',
	'127.0.0.1',
	'127.0.0.1.',
	'127.0.0.1..',
	'100.64.0.1',
	'172.16.0.1',
	'172.31.255.255',
	'192.0.0.1',
	'192.0.2.1',
	'198.18.0.1',
	'198.51.100.7',
	'203.0.113.9',
	'240.0.0.1',
	'[::]',
	'[::1]',
	'[0:0:0:0:0:0:0:1]',
	'[::127.0.0.1]',
	'[::8.8.8.8]',
	'[::ffff:192.0.2.1]',
	'[1::ffff:8.8.8.8]',
	'[1:2:3:4:5:ffff:808:808]',
	'[::1:ffff:0:8.8.8.8]',
	'[::1:0:8.8.8.8]',
	'[::ffff:1:8.8.8.8]',
	'[::ffff:0:192.0.2.1]',
	'[64:1::8.8.8.8]',
	'[64::8.8.8.8]',
	'[65:ff9b::8.8.8.8]',
	'[1fff:ffff::1]',
	'[4000::1]',
	'[2002:c000:201::1]',
	'[fc00::1]',
	'[fd12:3456::1]',
	'[fe80::1]',
	'[ff02::1]',
	'[2001:db8::1]',
	'[3fff::1]',
	'[3fff:fff::1]',
	'[2001::1]',
	'[2001:1ff::1]',
	'[64:ff9b:1::1]',
	'[64:ff9b:2::8.8.8.8]',
	'[100::1]',
];

const PUBLIC_HOSTS = [
	'evolink.ai',
	'api.evolink.ai',
	'n8n.example.com',
	'n8n.example.test',
	'example.test.',
	'localhost.evil.com',
	'internal.example.com',
	'mylocal.example',
	'notlocal.notinternal',
	'10.0.0.1.example.com',
	'svc.example.com',
	'nip.io',
	'n8n.sslip.io',
	'8.8.8.8.nip.io',
	'n8n.8-8-8-8.sslip.io',
	'08080808.nip.io',
	'n8n-dashed-name.traefik.me',
	'2606-4700-4700--1111.sslip.io',
	'127.0.0.1.nip.io.example.com',
	'127.0.0.1.notnip.io',
	'8.8.8.8',
	'9.255.255.255',
	'11.0.0.0',
	'100.63.255.255',
	'100.128.0.1',
	'126.255.255.255',
	'128.0.0.1',
	'172.15.255.255',
	'172.32.0.0',
	'192.167.255.255',
	'192.169.0.1',
	'198.17.255.255',
	'198.20.0.0',
	'223.255.255.255',
	'[2606:4700:4700::1111]',
	'[2606:4700:4700:1:2:3:4:1111]',
	'[2000::1]',
	'[2001:200::1]',
	'[2001:db7::1]',
	'[2001:db9::1]',
	'[3ffe:ffff::1]',
	'[3fff:1000::1]',
	'[::ffff:8.8.8.8]',
	'[::ffff:192.0.3.1]',
	'[::ffff:0:8.8.8.8]',
	'[64:ff9b::8.8.8.8]',
	'[2002:808:808::1]',
	'xn--mnchen-3ya.de',
	'münchen.de',
];

/** The ways to write one IPv4 address that a URL parser accepts. */
function spellings([a, b, c, d]: readonly number[]): string[] {
	const number = ((a * 256 + b) * 256 + c) * 256 + d;
	const hex = (part: number) => `0x${part.toString(16)}`;
	const octal = (part: number) => `0${part.toString(8)}`;
	const group = (high: number, low: number) => (high * 256 + low).toString(16);
	const tail = `${group(a, b)}:${group(c, d)}`;
	return [
		`${a}.${b}.${c}.${d}`,
		`${a}.${b}.${c}.${d}.`,
		String(number),
		`0x${number.toString(16)}`,
		`0${number.toString(8)}`,
		[a, b, c, d].map(hex).join('.'),
		[a, b, c, d].map(octal).join('.'),
		`${a}.${(b * 256 + c) * 256 + d}`,
		`${a}.${b}.${c * 256 + d}`,
		`[::ffff:${a}.${b}.${c}.${d}]`,
		`[::ffff:${tail}]`,
		`[0:0:0:0:0:FFFF:${tail}]`,
		`[::ffff:0:${tail}]`,
		`[64:ff9b::${tail}]`,
		`[64:ff9b::${a}.${b}.${c}.${d}]`,
		`[2002:${tail}::1]`,
		`%31${String(a).startsWith('1') ? String(a).slice(1) : 'x'}.${b}.${c}.${d}`,
	];
}

const byte = fc.integer({ min: 0, max: 255 });
const privateIpv4 = fc.oneof(
	fc.tuple(fc.constantFrom(0, 10, 127, 224, 255), byte, byte, byte),
	fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
	fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
	fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
	fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), byte, byte),
	fc.tuple(fc.constant(198), fc.constantFrom(18, 19), byte, byte),
);

test.each(FORBIDDEN_BY_EVOLINK)(
	'%s, which EvoLink does not call, is told before anything is spent',
	(host) => {
		expect(checkPublicHttpsUrl(`https://${host}/hook`).ok).toBe(false);
	},
);

describe('a URL for callbacks', () => {
	test.each(PRIVATE_HOSTS)('may not name %s', (host) => {
		expect(checkPublicHttpsUrl(`https://${host}/x`).ok).toBe(false);
		expect(checkPublicHttpsUrl(`HTTPS://${host.toUpperCase()}:8443/x`).ok).toBe(false);
	});

	test.each(PUBLIC_HOSTS)('may name %s', (host) => {
		expect(checkPublicHttpsUrl(`https://${host}/x`)).toMatchObject({ ok: true });
		expect(checkPublicHttpsUrl(` https://${host.toUpperCase()}:8443/x\n`)).toMatchObject({ ok: true });
	});

	test('may name no private IPv4 address in any spelling that a URL parser takes', () => {
		always(privateIpv4, (address) => {
			for (const host of spellings(address)) {
				expect([host, checkPublicHttpsUrl(`https://${host}/x`).ok]).toEqual([host, false]);
			}
		});
	});

	test('may name a public IPv4 address in any spelling', () => {
		always(fc.tuple(fc.constantFrom(1, 8, 93, 151, 223), byte, byte, byte), (address) => {
			for (const host of spellings(address).slice(0, 9)) {
				expect([host, checkPublicHttpsUrl(`https://${host}/x`).ok]).toEqual([host, true]);
			}
		});
	});

	test.each([
		['', 'is not a URL'],
		['n8n.example.com', 'is not a URL'],
		['https://', 'is not a URL'],
		['http://n8n.example.com', 'is http where https is needed'],
		['ftp://n8n.example.com', "starts with 'ftp:'"],
		['javascript:alert(1)', "starts with 'javascript:'"],
		['https://user@n8n.example.com', 'holds a user name or password'],
		['https://user:pass@n8n.example.com', 'holds a user name or password'],
		['https://n8n.example.com@127.0.0.1/', 'holds a user name or password'],
		['https://127.0.0.1\\@n8n.example.com/', "names the private host '127.0.0.1'"],
		['https://[::1]/', "names the private host '[::1]'"],
	])('%j is refused, because it %s', (url, reason) => {
		expect(checkPublicHttpsUrl(url)).toEqual({ ok: false, reason: expect.stringContaining(reason) });
	});

	test('may have blanks of any kind around it, as pasted text does', () => {
		const checked = checkPublicHttpsUrl('\u00a0https://n8n.example.com/x\u00a0\n');
		expect(checked).toMatchObject({ ok: true, url: { href: 'https://n8n.example.com/x' } });
	});

	test('a user name or password in a URL is never repeated in the reason', () => {
		const checked = checkHttpUrl('https://bob:hunter2@n8n.example.com');
		expect(JSON.stringify(checked)).not.toMatch(/bob|hunter2/);
	});
});

describe('a result link', () => {
	const trusted = ['http://localhost', 'http://127.0.0.1:8080', 'https://gateway.internal'];

	test('of the host and port that the credential names may be private or plain http', () => {
		expect(checkMediaUrl('http://127.0.0.1:8080/v.mp4', trusted, 0).ok).toBe(true);
		expect(checkMediaUrl('http://2130706433:8080/v.mp4', trusted, 0).ok).toBe(true);
		expect(checkMediaUrl('https://GATEWAY.internal:443/v.mp4', trusted, 0).ok).toBe(true);
		expect(checkMediaUrl('http://localhost:80/v.mp4', trusted, 0).ok).toBe(true);
	});

	test.each([
		'http://127.0.0.1/v.mp4',
		'http://127.0.0.1:8081/internal?admin=1',
		'https://127.0.0.1:8080/v.mp4',
		'http://gateway.internal/v.mp4',
		'https://gateway.internal:8443/v.mp4',
		'http://localhost:5678/rest',
	])('may not lead to another service of that host: %s', (url) => {
		expect(checkMediaUrl(url, trusted, 0).ok).toBe(false);
	});

	test('may not lead there after a redirect', () => {
		for (let hop = 1; hop <= 3; hop += 1) {
			expect(checkMediaUrl('http://127.0.0.1:8080/v.mp4', trusted, hop).ok).toBe(false);
			expect(checkMediaUrl('https://gateway.internal/v.mp4', trusted, hop).ok).toBe(false);
		}
	});

	test('that is no link is refused in words, also where the credential names private hosts', () => {
		expect(checkMediaUrl('v.mp4', trusted, 0)).toEqual({ ok: false, reason: 'is not a URL' });
		expect(checkMediaUrl('ftp://localhost/v.mp4', trusted, 0)).toMatchObject({ ok: false });
	});

	test('of any other host must be public https', () => {
		for (const host of PRIVATE_HOSTS) {
			expect(checkMediaUrl(`https://${host}/v.mp4`, trusted, 0).ok).toBe(false);
		}
		expect(checkMediaUrl('http://files.evolink.ai/v.mp4', trusted, 0).ok).toBe(false);
		expect(checkMediaUrl('https://files.evolink.ai/v.mp4', [], 0).ok).toBe(true);
	});
});

describe('any text', () => {
	test('is judged without a throw, and what passes is a URL with a host', () => {
		always(
			fc.oneof(
				fc.string(),
				fc.webUrl(),
				fc.string().map((text) => `https://${text}`),
				fc.string().map((text) => `https://[${text}]`),
			),
			(text) => {
				originOf(text);
				const checked = checkPublicHttpsUrl(text);
				if (checked.ok) expect(checked.url).toMatchObject({ protocol: 'https:', username: '', password: '' });
				else expect(checked.reason).not.toBe('');
			},
		);
	});

	test('has an origin where it is a URL', () => {
		expect(originOf('HTTPS://Gateway.example:443/v1')).toBe('https://gateway.example');
		expect(originOf('http://[0:0::1]:8080')).toBe('http://[::1]:8080');
		expect(originOf('gateway.example')).toBeUndefined();
	});

	test('every IPv6 address is judged by its first bits, however it is written', () => {
		always(fc.ipV6(), (address) => {
			const url = `https://[${address}]/`;
			if (!URL.canParse(url)) return;
			const first = parseInt(new URL(url).hostname.slice(1).split(':')[0] || '0', 16);
			const isPublic = checkPublicHttpsUrl(url).ok;
			if (first > 0x3fff || (first > 0x64 && first < 0x2000)) expect(isPublic).toBe(false);
			if (first > 0x2002 && first < 0x3fff) expect(isPublic).toBe(true);
		});
	});
});
