import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { checkHttpUrl, originOf, type UrlCheck } from './urls';

export interface EvoLinkCredential {
	apiKey: string;
	/** Without a trailing slash. */
	api: string;
	files: string;
	/** Origins that result links may use although they are private or plain http. */
	trustedHosts: string[];
	allowedDomains?: string;
}

const base = (value: unknown) =>
	String(value ?? '')
		.trim()
		.replace(/\/+$/, '');

/** A key that was pasted as a whole header loses what stands before it. */
export function parseCredential(data: ICredentialDataDecryptedObject): EvoLinkCredential {
	const api = base(data.baseUrl);
	const files = base(data.filesUrl);
	const restricted = data.allowedHttpRequestDomains === 'domains' && typeof data.allowedDomains === 'string';
	return {
		apiKey: String(data.apiKey ?? '')
			.trim()
			.replace(/^(authorization\s*:\s*)?bearer\s+/i, ''),
		api,
		files,
		trustedHosts: [originOf(api), originOf(files)].filter((origin) => origin !== undefined),
		allowedDomains: restricted ? String(data.allowedDomains) : undefined,
	};
}

const FIELD = { api: 'Base URL', files: 'Files URL' };

/** Whether the address is one. `reason` completes "The credential cannot be used: …". */
export function checkServer(credential: EvoLinkCredential, server: 'api' | 'files'): UrlCheck {
	const checked = checkHttpUrl(credential[server]);
	return checked.ok ? checked : { ok: false, reason: `its '${FIELD[server]}' ${checked.reason}` };
}
