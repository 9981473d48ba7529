import type {
	IAuthenticate,
	Icon,
	ICredentialTestRequest,
	ICredentialType,
	INodeProperties,
} from 'n8n-workflow';

import { checkServer, parseCredential } from '../nodes/evolink/credential';
import { API_SERVERS, PATHS } from '../nodes/evolink/generated/spec.gen';

const KEYS_PAGE = 'https://evolink.ai/dashboard/keys';

export class EvoLinkApi implements ICredentialType {
	name = 'evoLinkApi';

	displayName = 'EvoLink API';

	icon: Icon = { light: 'file:../icons/soraVideo.svg', dark: 'file:../icons/soraVideo.dark.svg' };

	documentationUrl = 'https://github.com/n8n-nodes-evolink-sora/n8n-nodes-evolink-sora#credentials';

	properties: INodeProperties[] = [
		{
			displayName: `Create an API key at <a href="${KEYS_PAGE}" target="_blank">evolink.ai/dashboard/keys</a>. It pays for the videos from the credits of your EvoLink account.`,
			name: 'keyNotice',
			type: 'notice',
			default: '',
		},
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			placeholder: 'sk-...',
		},
		{
			displayName: 'Advanced: change the addresses below only to go through a gateway of your own',
			name: 'addressNotice',
			type: 'notice',
			default: '',
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: API_SERVERS.api,
			description: "Address of EvoLink's API",
		},
		{
			displayName: 'Files URL',
			name: 'filesUrl',
			type: 'string',
			default: API_SERVERS.files,
			description: "Address of EvoLink's file service, which takes input files",
		},
	];

	/** @throws Error with what the test of the credential then tells: of the requests only that one has a base URL. */
	authenticate: IAuthenticate = async (data, options) => {
		const credential = parseCredential(data);
		if (options.baseURL !== undefined) {
			for (const server of ['api', 'files'] as const) {
				const checked = checkServer(credential, server);
				if (!checked.ok) throw new Error(`The credential cannot be used: ${checked.reason}`);
			}
			options.baseURL = credential.api;
		}
		options.headers = { ...options.headers, Authorization: `Bearer ${credential.apiKey}` };
		return options;
	};

	test: ICredentialTestRequest = {
		request: {
			baseURL: '={{$credentials.baseUrl}}',
			url: PATHS.getCredits.path,
			// n8n follows redirects with the key, to any host
			disableFollowRedirect: true,
		},
		rules: [
			...[301, 302, 303, 307, 308].map((value) => ({
				type: 'responseCode' as const,
				properties: {
					value,
					message:
						'This Base URL leads to another address, and the API key is not sent on. Enter the address that it leads to.',
				},
			})),
			{
				type: 'responseCode' as const,
				properties: {
					value: 401,
					message: `EvoLink does not know this API key. Copy it again from ${KEYS_PAGE}`,
				},
			},
			{
				type: 'responseCode' as const,
				properties: { value: 404, message: 'No EvoLink API is at this Base URL. Check the address.' },
			},
			{
				// told when the answer has no such field
				type: 'responseSuccessBody' as const,
				properties: {
					key: 'data.user',
					value: undefined,
					message: 'What answers at this Base URL is not EvoLink. Check the address.',
				},
			},
			// n8n takes both kinds together; its type names each alone
		] as ICredentialTestRequest['rules'],
	};
}
