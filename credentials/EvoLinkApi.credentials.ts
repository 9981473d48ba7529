import type {
	IAuthenticateGeneric,
	Icon,
	ICredentialTestRequest,
	ICredentialType,
	INodeProperties,
} from 'n8n-workflow';

import { API_SERVERS, PATHS } from '../nodes/evolink/generated/spec.gen';

export class EvoLinkApi implements ICredentialType {
	name = 'evoLinkApi';

	displayName = 'EvoLink API';

	icon: Icon = { light: 'file:../icons/soraVideo.svg', dark: 'file:../icons/soraVideo.dark.svg' };

	documentationUrl = 'https://github.com/n8n-nodes-evolink-sora/n8n-nodes-evolink-sora#credentials';

	properties: INodeProperties[] = [
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			description:
				'Made at <a href="https://evolink.ai/dashboard/keys" target="_blank">evolink.ai/dashboard/keys</a>',
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: API_SERVERS.api,
			description: 'Where tasks and credits are. Change it only for a gateway of your own.',
		},
		{
			displayName: 'Files URL',
			name: 'filesUrl',
			type: 'string',
			default: API_SERVERS.files,
			description: 'Where input files are uploaded to',
		},
	];

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: { headers: { Authorization: '=Bearer {{$credentials.apiKey.trim()}}' } },
	};

	test: ICredentialTestRequest = {
		request: {
			baseURL: '={{$credentials.baseUrl.replace(/\\/+$/, "")}}',
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
				type: 'responseCode',
				properties: {
					value: 401,
					message: 'EvoLink does not know this API key. Copy it anew from https://evolink.ai/dashboard/keys',
				},
			},
		],
	};
}
