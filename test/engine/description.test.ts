import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { NodeHelpers } from 'n8n-workflow';
import type {
	ICredentialType,
	INode,
	INodeParameters,
	INodeProperties,
	INodePropertyOptions,
	INodeTypeDescription,
} from 'n8n-workflow';
import { evolinkFacts } from '../../nodes/evolink/generated/spec.gen';
import { MODEL_ENTRIES } from '../../nodes/evolink/modelEntries';
import { at, type JsonObject } from '../contract/openapi';
import { Host, loadPackage, packedPackage } from '../../tools/n8n-engine';

let node: INodeTypeDescription;
let credential: ICredentialType;

beforeAll(async () => {
	const host = new Host([await loadPackage()]);
	node = NodeHelpers.getVersionedNodeType(host.getByName('n8n-nodes-evolink-sora.soraVideo')).description;
	credential = host.getCredentialType('evoLinkApi');
});

const EXPRESSION = '={{ $json.model }}';
const [VEO, TEXT] = ['veo-3.1-generate-preview', 'wan3.0-text-to-video'];
const MODELS = ['sora-2-preview', 'sora-2-pro-preview', VEO, TEXT, 'model-of-tomorrow', EXPRESSION];
const WAITS = ['auto', 'poll', 'suspend', 'none', '={{ $json.wait }}'];

/** The fields that the editor shows for these values, as n8n decides it. */
function shown(values: INodeParameters): INodeProperties[] {
	const defaults = NodeHelpers.getNodeParameters(node.properties, values, true, false, null, node);
	const current = { ...defaults, ...values };
	const stub = { typeVersion: 1 } as INode;
	return node.properties.filter((property) => NodeHelpers.displayParameter(current, property, stub, node));
}
const names = (values: INodeParameters) => shown(values).map(({ name }) => name);
const field = (values: INodeParameters, name: string) =>
	shown(values).find((property) => property.name === name)!;
const valuesOf = (property: INodeProperties) =>
	(property.options as INodePropertyOptions[]).map(({ value }) => value);

describe('options come from the spec', () => {
	const propertiesOf = (schema: string) =>
		at('components', 'schemas', schema, 'properties') as Record<string, JsonObject>;

	test.each([
		['sora-2-preview', 'Sora2PreviewRequest'],
		['sora-2-pro-preview', 'Sora2ProPreviewRequest'],
	])('for %s', (model, schema) => {
		const values = { operation: 'generate', model };
		const { aspect_ratio: aspectRatio, duration, quality } = propertiesOf(schema);
		expect(valuesOf(field(values, 'aspectRatio'))).toEqual(aspectRatio!.enum);
		expect(valuesOf(field(values, 'duration'))).toEqual(duration!.enum);
		expect(names(values).includes('quality')).toBe(quality !== undefined);
		if (quality) expect(valuesOf(field(values, 'quality'))).toEqual(quality.enum);
	});

	test('with the price beside each duration, where EvoLink has told it, and its day', () => {
		const durations = (model: string) =>
			(field({ operation: 'generate', model }, 'duration').options as INodePropertyOptions[]).map(
				({ name, description = '' }) => `${name}. ${description}`,
			);
		const list = "Price of sora-2-preview in EvoLink's list of 2026-10-10";
		expect(durations('sora-2-preview')).toEqual([
			`4 Seconds (23 credits, about 0.34 USD). ${list}`,
			`8 Seconds (46 credits, about 0.68 USD). ${list}`,
			`12 Seconds (69 credits, about 1.02 USD). ${list}`,
		]);
		expect(durations('sora-2-pro-preview').join()).not.toMatch(/credits/);
	});

	test('and in a hint before the run, where model and duration are chosen, with the time that it takes', () => {
		const told = (node.hints ?? []).filter(({ message }) => message.startsWith('Each item'));
		expect(told).toHaveLength(3);
		expect(told[1]).toMatchObject({
			message:
				"Each item will cost 46 credits, about 0.68 USD, by EvoLink's price list of 2026-10-10. A video takes some minutes (5 in the example of EvoLink's manual).",
			location: 'outputPane',
			whenToDisplay: 'beforeExecution',
			displayCondition:
				'={{ $parameter["operation"] === "generate" && $parameter["model"] === "sora-2-preview" && $parameter["duration"] === 8 }}',
		});
	});

	test('for the model list: every model of the generate call first, then all others', () => {
		const documented = ['Sora2PreviewRequest', 'Sora2ProPreviewRequest'].flatMap(
			(schema) => propertiesOf(schema).model!.enum,
		);
		const others = MODEL_ENTRIES.map(({ id }) => id);
		expect(valuesOf(field({ operation: 'generate' }, 'model'))).toEqual([...documented, ...others]);
	});
});

describe('resources', () => {
	const operations = () => node.properties.filter(({ name }) => name === 'operation');

	test('have operations of their own, each with a text for agents, and the first is the default', () => {
		const texts = operations().map(({ displayOptions, default: usual, options }) => [
			displayOptions?.show?.resource,
			usual,
			...(options as INodePropertyOptions[]).map(({ value, action }) => `${String(value)}: ${action}`),
		]);
		expect(texts).toEqual([
			[
				['video'],
				'generate',
				'generate: Generate a video',
				'character: Create a character from a video',
				'estimateCost: Estimate the cost of a video',
			],
			[
				['task'],
				'getTask',
				'getTask: Get a task with its status and video link',
				'getManyTasks: Get many tasks',
			],
			[
				['account'],
				'getCredits',
				'getCredits: Get the credits left',
				'getManyModels: Get many models',
				'uploadFile: Upload a file',
			],
		]);
		expect(names({ resource: 'task' })).toContain('taskId');
		expect(names({ resource: 'account' })).toEqual(['resource', 'operation']);
	});

	test('need not be said: all other fields depend on the operation alone', () => {
		for (const { displayOptions } of node.properties.filter(({ name }) => name !== 'operation'))
			expect(displayOptions?.show ?? {}).not.toHaveProperty('resource');
		const values = operations().flatMap(({ options }) => valuesOf({ options } as INodeProperties));
		expect(new Set(values).size).toBe(values.length);
	});

	test('name what each tool does, for a node that was saved without any as well', () => {
		const told = (values: INodeParameters) =>
			NodeHelpers.makeDescription(
				NodeHelpers.getNodeParameters(node.properties, values, true, false, null, node)!,
				node,
			);
		expect([{}, { operation: 'getTask', resource: 'task' }].map(told)).toEqual([
			'Generate a video in Sora Video',
			'Get a task with its status and video link in Sora Video',
		]);
	});
});

describe('fields shown', () => {
	const COMMON = ['wait', 'options'];
	const START = ['resource', 'operation'];
	const AWAITED = ['wait', 'download', 'binaryField', 'simplify', 'options'];
	const ofSora = ['standingNotice', 'prompt', 'aspectRatio', 'duration'];
	const ofOthers = ['filesNotice', 'modelFields'];
	const FORMS: Array<[INodeParameters, string[]]> = [
		[{ model: 'sora-2-preview' }, [...ofSora, 'startImage']],
		[{ model: 'sora-2-pro-preview' }, [...ofSora, 'quality', 'startImage']],
		[{ model: VEO }, ['prompt', 'startImage', 'endImage', ...ofOthers]],
		[{ model: 'kling-v3-turbo-image-to-video' }, ['prompt', 'startImage', ...ofOthers]],
		[{ model: TEXT }, ['prompt', ...ofOthers]],
		[{ model: EXPRESSION }, [...ofSora, 'quality', 'startImage', 'endImage', ...ofOthers]],
	];

	test.each(FORMS)('Generate Video with %j', (form, fields) => {
		const values = { operation: 'generate', ...form };
		expect(names(values)).toEqual([...START, 'model', ...fields, ...AWAITED]);
		const unawaited = ['wait', 'callbackUrl', 'reference', 'simplify', 'options'];
		expect(names({ ...values, wait: 'none' })).toEqual([...START, 'model', ...fields, ...unawaited]);
		expect(names({ ...values, download: false })).not.toContain('binaryField');
		for (const image of ['startImage', 'endImage'].filter((name) => fields.includes(name))) {
			const more = (from: string) =>
				names({ ...values, [image]: from }).filter((name) => name !== image && name.startsWith(image));
			expect(['none', 'url', 'binary'].map(more)).toEqual([[], [`${image}Url`], [`${image}Field`]]);
		}
	});

	test('Create Character', () => {
		const values = { operation: 'character' };
		const from = (video: string) => [...START, 'characterNotice', 'video', video, 'timestamps', ...AWAITED];
		expect(names(values)).toEqual(from('videoUrl'));
		expect(names({ ...values, video: 'binary' })).toEqual(from('videoField'));
	});

	test('Get Many Tasks', () => {
		const values = { operation: 'getManyTasks' };
		const fields = [...START, 'listNotice', 'returnAll', 'limit', 'filters', 'includeResults', 'simplify'];
		expect(names(values)).toEqual(fields);
		expect(names({ ...values, returnAll: true })).toEqual(fields.filter((name) => name !== 'limit'));
		const status = (field(values, 'filters').options as INodeProperties[]).find(
			({ name }) => name === 'status',
		)!;
		expect(valuesOf(status)).toEqual(evolinkFacts.task.listStatuses);
	});

	test('Get Task and Get Credits', () => {
		const values = { operation: 'getTask' };
		expect(names(values)).toEqual([...START, 'taskId', 'wait', 'download', 'simplify', 'options']);
		expect(names({ ...values, download: true })).toEqual([...START, 'taskId', ...AWAITED]);
		expect(names({ operation: 'getCredits' })).toEqual(START);
	});

	test('no field twice, and every common one, whatever is chosen', () => {
		for (const operation of ['generate', 'character', 'getTask', 'getCredits'])
			for (const model of MODELS)
				for (const wait of WAITS)
					for (const source of ['none', 'url', 'binary', '={{ $json.source }}'])
						for (const download of [true, false, '={{ $json.download }}']) {
							const all = names({
								operation,
								model,
								wait,
								startImage: source,
								endImage: source,
								video: source,
								download,
							});
							expect(all).toEqual([...new Set(all)]);
							if (operation !== 'getCredits') expect(all).toEqual(expect.arrayContaining(COMMON));
						}
	});

	const issuesOf = (parameters: INodeParameters) => {
		const asked = { typeVersion: 1, parameters } as INode;
		return Object.keys(NodeHelpers.getNodeParametersIssues(node.properties, asked, node)?.parameters ?? {});
	};
	const filled = (values: INodeParameters, withDefaults: boolean) =>
		NodeHelpers.getNodeParameters(node.properties, values, withDefaults, false, null, node) ?? {};
	/** As n8n does it when it runs a workflow, where defaults are filled in. */
	const refused = (values: INodeParameters) => issuesOf(filled(values, true));
	/** When it publishes one, where they are left out, as in what is stored. Nodes made by programs say some. */
	const unpublished = (values: INodeParameters) =>
		[values, { operation: 'generate', model: 'sora-2-preview', ...values }].flatMap((given) =>
			issuesOf({ ...given, ...filled(given, false) }),
		);

	test.each<[INodeParameters, string[]]>([
		[{ prompt: '' }, ['prompt']],
		[{ model: 'sora-2-pro-preview' }, ['prompt']],
		[{ prompt: 'a cat', startImage: 'url' }, ['startImageUrl']],
		[{ model: VEO, endImage: 'url' }, ['endImageUrl']],
		[{ model: EXPRESSION, endImage: 'url' }, ['endImageUrl']],
		[{ operation: 'character' }, ['videoUrl']],
		[{ operation: 'getTask' }, ['taskId']],
	])('n8n refuses to run with %j, which could never work', (values, fields) => {
		expect(refused(values)).toEqual(fields);
		for (const name of fields)
			expect(shown(values).find((property) => property.name === name)).toHaveProperty('required', true);
	});

	test.each<[INodeParameters]>([
		[{ options: { additionalFields: '{ "prompt": "a cat" }' } }],
		[{ options: { additionalFields: '={{ $json.body }}' } }],
		[{ model: 'model-of-tomorrow' }],
		[{ model: EXPRESSION }],
		// a rule of `show` that meets an expression would show, and require, both URLs
		[{ model: EXPRESSION, startImage: 'none', endImage: 'none' }],
		[{ model: TEXT, startImage: 'url', endImage: 'url' }],
		[{ prompt: '={{ $json.prompt }}', startImage: '={{ $json.source }}', startImageField: '' }],
		[{ prompt: "={{ $fromAI('prompt') }}" }],
		[{ prompt: 'a cat', startImage: 'binary' }],
		[{ operation: 'character', video: '={{ $json.source }}' }],
		[{ operation: 'character', video: 'binary' }],
		[{ operation: 'character', videoUrl: 'https://example.com/a.mp4' }],
		[{ operation: 'getTask', taskId: { __rl: true, mode: 'id', value: "={{ $fromAI('id') }}" } }],
	])('n8n runs and publishes %j, which may work', (values) => {
		expect(refused(values)).toEqual([]);
		expect(unpublished(values)).toEqual([]);
	});

	test('decided by lists alone, whatever an old n8n is given: a busy n8n gives up on regular expressions', () => {
		const rules = node.properties.map(({ displayOptions }) => JSON.stringify(displayOptions ?? {}));
		expect(rules.filter((rule) => /"(regex|startsWith|includes|endsWith)"/.test(rule))).toEqual([]);
		for (const { displayOptions } of node.properties)
			expect(displayOptions?.show ?? {}).not.toHaveProperty('model');
	});
});

describe('the options collection', () => {
	const inside = (values: INodeParameters) => {
		const { options } = field(values, 'options');
		const current = { wait: 'auto', ...values };
		return (options as INodeProperties[])
			.filter((option) =>
				NodeHelpers.displayParameterPath(
					{ ...current, options: {} },
					option,
					'options',
					{ typeVersion: 1 } as INode,
					node,
				),
			)
			.map(({ name }) => name);
	};

	test('offers further fields only for paid operations, and how to wait only where the node waits', () => {
		const COMMON = ['maxDownloadMb', 'onTaskFailure', 'pollSeconds', 'timeoutMinutes'];
		const sorted = (values: INodeParameters) => inside(values).sort();
		const paid = [
			'additionalFields',
			'checkBalance',
			'maxCredits',
			...COMMON,
			'resendUnknown',
			'tasksAtOnce',
		].sort();
		const generate = [...paid, 'checkImageSize'].sort();
		expect(sorted({ operation: 'generate', wait: 'none' })).toEqual(generate);
		expect(sorted({ operation: 'generate', wait: 'auto' })).toEqual([...generate, 'waitMode'].sort());
		expect(sorted({ operation: 'character', wait: 'none' })).toEqual(paid);
		expect(sorted({ operation: 'getTask', wait: 'none' })).toEqual(COMMON.sort());
	});
});

describe('defaults are those of the contract', () => {
	test.each<[INodeParameters, INodeParameters]>([
		[{}, { operation: 'generate', startImage: 'none', wait: 'auto', download: true, binaryField: 'data' }],
		[{ operation: 'character' }, { video: 'url', wait: 'auto', download: true }],
		[{ operation: 'getTask' }, { wait: 'none', download: false, taskId: { mode: 'list', value: '' } }],
	])('%j', (values, defaults) => {
		expect(NodeHelpers.getNodeParameters(node.properties, values, true, false, null, node)).toMatchObject(
			defaults,
		);
	});

	test("run-wide choices take no expression; further fields and the callback are the item's own", () => {
		const { options } = node.properties.find(({ name }) => name === 'options')!;
		const runWide = node.properties.filter(({ name }) => ['operation', 'wait'].includes(name));
		const all = [...runWide, ...(options as INodeProperties[])];
		const free = all.filter(({ noDataExpression }) => noDataExpression !== true);
		expect(free.map(({ name }) => name)).toEqual(['additionalFields']);
	});

	test('the key is a password, and the addresses are those of EvoLink', () => {
		const property = (name: string) => credential.properties.find((each) => each.name === name);
		expect(property('apiKey')).toMatchObject({ required: true, typeOptions: { password: true } });
		expect(property('baseUrl')).toMatchObject({ default: 'https://api.evolink.ai' });
		expect(property('filesUrl')).toMatchObject({ default: 'https://files-api.evolink.ai' });
	});
});

describe('warnings stand where the choice is made', () => {
	const described = (values: INodeParameters, name: string) => {
		const { description, options } = field(values, name);
		const ofOptions = (options as INodePropertyOptions[] | undefined)?.map((option) => option.description);
		return [description, ...(ofOptions ?? [])].join(' ');
	};

	test.each([
		['prompt', /moderation.*real people/i],
		['startImage', /real people/i],
		['quality', /1\.667/],
		['download', /24 hours/],
		['duration', /cost|price/i],
	])('%s', (name, warning) => {
		expect(described({ operation: 'generate', model: 'sora-2-pro-preview' }, name)).toMatch(warning);
	});
});

test('the installed package has the node with its codex and subtitle, and icons for light and dark', async () => {
	const { directory } = await packedPackage();
	const { packageName, nodeTypes, credentialTypes } = await loadPackage(directory);
	const { description } = NodeHelpers.getVersionedNodeType(nodeTypes.soraVideo!.type);
	expect(description.subtitle).toContain('operation');
	expect(description.codex).toMatchObject({
		categories: ['AI', 'Marketing & Content'],
		alias: expect.arrayContaining(['evolink', 'seedance']),
		resources: { primaryDocumentation: [{ url: expect.stringMatching(/^https:/) }] },
	});
	for (const { iconUrl } of [description, credentialTypes.evoLinkApi!.type]) {
		const { light, dark } = iconUrl as { light: string; dark: string };
		expect(light).not.toBe(dark);
		for (const icon of [light, dark]) {
			const file = resolve(directory, icon.replace(`icons/${packageName}/`, ''));
			expect(readFileSync(file, 'utf8')).toContain('<svg');
		}
	}
});
