import './environment.cjs';
import { ICredentialsHelper, NodeHelpers, UnexpectedError, isExpression } from 'n8n-workflow';
import type {
	ICredentialDataDecryptedObject,
	ICredentials,
	IDataObject,
	IHttpRequestOptions,
	INode,
	INodeCredentialsDetails,
	INodeProperties,
	IRequestOptionsSimplified,
	IWorkflowExecuteAdditionalData,
	Workflow,
} from 'n8n-workflow';
import type { Host } from './host';

/** Credential data by credential type: `{ evoLinkApi: { apiKey: '…' } }`. Fields left out get their defaults. */
export type CredentialData = Record<string, ICredentialDataDecryptedObject>;

/**
 * n8n's credentials helper without the database: `authenticate` follows credentials-helper.js of the n8n package, the
 * decrypted data is what the test gives.
 */
export class TestCredentialsHelper extends ICredentialsHelper {
	constructor(
		private readonly host: Host,
		private readonly data: CredentialData,
	) {
		super();
	}

	getParentTypes(): string[] {
		return [];
	}

	isCredentialUsableByNode(): boolean {
		return true;
	}

	getCredentialsProperties(type: string): INodeProperties[] {
		return this.host.getCredentialType(type).properties;
	}

	async authenticate(
		credentials: ICredentialDataDecryptedObject,
		typeName: string,
		requestOptions: IHttpRequestOptions | IRequestOptionsSimplified,
		workflow: Workflow,
		node: INode,
	): Promise<IHttpRequestOptions> {
		const options = requestOptions as IHttpRequestOptions & Record<string, unknown>;
		const { authenticate } = this.host.getCredentialType(typeName);
		if (typeof authenticate === 'function') return await authenticate(credentials, options);
		if (!authenticate) return options;
		const resolve = (value: string): string => {
			if (!isExpression(value)) return value;
			const keys = { $credentials: credentials };
			const resolved = workflow.expression.getSimpleParameterValue(
				node,
				value,
				'internal',
				keys,
				undefined,
				'',
			);
			return resolved ? String(resolved) : '';
		};
		options.headers ??= {};
		for (const [part, values] of Object.entries(authenticate.properties)) {
			const target = (options[part] ??= {}) as IDataObject;
			for (const [key, value] of Object.entries(values as Record<string, string>))
				target[resolve(key)] = resolve(value);
		}
		return options;
	}

	/** Only credential types with an expirable property have something to do here. */
	async preAuthentication(): Promise<undefined> {
		return undefined;
	}

	async runPreAuthentication(): Promise<undefined> {
		return undefined;
	}

	async getDecrypted(
		_additionalData: IWorkflowExecuteAdditionalData,
		_details: INodeCredentialsDetails,
		type: string,
	): Promise<ICredentialDataDecryptedObject> {
		const given = this.data[type];
		if (!given) throw new UnexpectedError(`The test gave no data for the credential "${type}"`);
		const properties = this.getCredentialsProperties(type);
		const withDefaults = NodeHelpers.getNodeParameters(properties, given as never, true, false, null, null);
		return { ...given, ...withDefaults } as ICredentialDataDecryptedObject;
	}

	async getCredentials(): Promise<ICredentials> {
		throw new UnexpectedError('Stored credentials do not exist here');
	}

	async updateCredentials(): Promise<void> {}

	async updateCredentialsOauthTokenData(): Promise<void> {}
}
