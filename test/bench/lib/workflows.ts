import type { IConnections, IDataObject, INode } from 'n8n-workflow';

import { PATHS } from '../../../nodes/evolink/generated/spec.gen';

import {
	node,
	noOp,
	soraVideo,
	splitOut,
	webhookTrigger,
	wires,
	type CredentialRef,
} from '../../../tools/n8n-server/workflows';

/** A workflow whose webhook takes `{ jobs: [{ prompt }] }`: Call → Jobs → … → Next. */
export interface BenchFlow {
	nodes: INode[];
	connections: IConnections;
}

const head = (path: string): INode[] => [webhookTrigger('Call', path), splitOut('Jobs', 'body.jobs')];

/** The node under test, from the prompt to the file. */
export function soraFlow(path: string, credential: CredentialRef, parameters: IDataObject = {}): BenchFlow {
	const video = soraVideo('Video', credential, { prompt: '={{ $json.prompt }}', ...parameters });
	return {
		nodes: [...head(path), video, noOp('Next')],
		connections: wires(['Call', 'Jobs'], ['Jobs', 'Video'], ['Video', 'Next']),
	};
}

const headerAuth = { authentication: 'genericCredentialType', genericAuthType: 'httpHeaderAuth' };

const http = (name: string, credential: CredentialRef, parameters: IDataObject): INode =>
	node(
		name,
		'n8n-nodes-base.httpRequest',
		{ ...headerAuth, options: {}, ...parameters },
		{ typeVersion: 4.2, credentials: { httpHeaderAuth: credential } },
	);

/** @param how `predefined`: with this package's credential; `batch`: the node's own batching */
export const submitParameters = (
	api: string,
	how: { candidate: string; batch?: { size: number; intervalMs: number } },
): IDataObject => ({
	...(how.candidate === 'predefined'
		? { authentication: 'predefinedCredentialType', nodeCredentialType: 'evoLinkApi' }
		: headerAuth),
	method: 'POST',
	url: `${api}${PATHS.createVideoTask.path}`,
	sendBody: true,
	specifyBody: 'json',
	jsonBody:
		'={{ JSON.stringify({ model: "sora-2-preview", prompt: $json.prompt, aspect_ratio: "16:9", duration: 4 }) }}',
	options: how.batch
		? { batching: { batch: { batchSize: how.batch.size, batchInterval: how.batch.intervalMs } } }
		: {},
});

export const downloadParameters: IDataObject = {
	url: '={{ $json.results[0] }}',
	authentication: 'none',
	// n8n's own name is one that EvoLink's media host refuses
	sendHeaders: true,
	headerParameters: { parameters: [{ name: 'User-Agent', value: 'bench' }] },
	options: { response: { response: { responseFormat: 'file' } } },
};

/** The loop that the templates show: Submit → Wait → Status → done? If not, back to Wait. */
export function loopFlow(
	path: string,
	credential: CredentialRef,
	api: string,
	waitSeconds: number,
): BenchFlow {
	const done = {
		options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 },
		combinator: 'and',
		conditions: [
			{
				id: 'done',
				leftValue: '={{ $json.status }}',
				rightValue: 'completed',
				operator: { type: 'string', operation: 'equals' },
			},
		],
	};
	return {
		nodes: [
			...head(path),
			http('Submit', credential, submitParameters(api, { candidate: 'http' })),
			node('Wait', 'n8n-nodes-base.wait', { amount: waitSeconds, unit: 'seconds' }, { typeVersion: 1.1 }),
			http('Status', credential, { url: `=${api}/v1/tasks/{{ $json.id }}` }),
			node('Done?', 'n8n-nodes-base.if', { conditions: done, options: {} }, { typeVersion: 2.2 }),
			noOp('Next'),
		],
		connections: wires(
			['Call', 'Jobs'],
			['Jobs', 'Submit'],
			['Submit', 'Wait'],
			['Wait', 'Status'],
			['Status', 'Done?'],
			['Done?', 'Next'],
			['Done?', 'Wait', 1],
		),
	};
}
