import { EvoLinkApi } from '../../../credentials/EvoLinkApi.credentials';
import { checkServer, parseCredential } from '../../../nodes/evolink/credential';

const KEY = 'sk-evo-0123456789abcdef';
const DATA = { apiKey: KEY, baseUrl: 'https://api.evolink.ai/', filesUrl: 'https://files-api.evolink.ai//' };

const authenticate = async (data: object, options: object) => {
	const { authenticate: sign } = new EvoLinkApi();
	if (typeof sign !== 'function') throw new Error('not a function');
	return await sign({ ...DATA, ...data }, { url: '/v1/credits', ...options });
};

describe('the credential', () => {
	test.each([
		KEY,
		` ${KEY}\n`,
		`Bearer ${KEY}`,
		`bearer  ${KEY} `,
		`Authorization: Bearer ${KEY}`,
		`authorization:bearer ${KEY}`,
	])('the key is %j without what was pasted with it', async (apiKey) => {
		expect(parseCredential({ ...DATA, apiKey }).apiKey).toBe(KEY);
		const { headers } = await authenticate({ apiKey }, { headers: { Accept: 'application/json' } });
		expect(headers).toEqual({ Accept: 'application/json', Authorization: `Bearer ${KEY}` });
	});

	test('addresses lose their slashes, and are trusted as what they are', () => {
		expect(parseCredential(DATA)).toEqual({
			apiKey: KEY,
			api: 'https://api.evolink.ai',
			files: 'https://files-api.evolink.ai',
			trustedHosts: ['https://api.evolink.ai', 'https://files-api.evolink.ai'],
		});
		expect(checkServer(parseCredential({ ...DATA, filesUrl: 'x' }), 'files')).toEqual({
			ok: false,
			reason: "its 'Files URL' is not a URL",
		});
	});

	test.each(['baseUrl', 'filesUrl'])('its test refuses a bad %s', async (field) => {
		const baseURL = DATA.baseUrl;
		await expect(authenticate({ [field]: 'garbage' }, { baseURL })).rejects.toThrow("URL' is not a URL");
		await expect(authenticate({}, { baseURL })).resolves.toMatchObject({ baseURL: 'https://api.evolink.ai' });
	});

	test('a request of the node is not refused for an address that it does not use', async () => {
		const url = 'https://api.evolink.ai/v1/credits';
		await expect(authenticate({ filesUrl: 'garbage' }, { url })).resolves.toMatchObject({ url });
	});
});
