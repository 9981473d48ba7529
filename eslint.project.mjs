/**
 * What `npm run lint` holds; `eslint.config.mjs` is n8n's own, unchanged, for its reviewers. On shipped code and package.json: the
 * rules of n8n's verification scanner and of `n8n-node lint`, cloud rules included. On everything else, which never runs inside n8n: a plain TypeScript set.
 * Source: `eslint` of @n8n/node-cli 0.48.3, `buildScanConfig` of @n8n/scan-community-package 0.32.0.
 */
import js from '@eslint/js';
import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import n8nNodesBase from 'eslint-plugin-n8n-nodes-base';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const cloud = n8nCommunityNodesPlugin.configs.recommended;
const nodeGlobals = [
	'Buffer',
	'URL',
	'__dirname',
	'clearTimeout',
	'console',
	'exports',
	'module',
	'process',
	'require',
	'setTimeout',
];

/** Inside Sora Video no import runs up; the lowest floor first. */
const FLOORS = [
	['settings.ts', 'watch.ts', 'uploads.ts', 'entries.ts'],
	['items.ts'],
	['order', 'receipt.ts'],
	['deliver.ts'],
	['run'],
	['statusPage'],
	['operations', 'methods'],
	['SoraVideo.node.ts'],
];
const inSoraVideo = (place) => `./nodes/SoraVideo/${place}`;

/** Imports point one way: the two nodes, side by side, then what n8n is like, then the API. */
const ROOMS = [
	{ target: './nodes/evolink', from: ['./nodes/host', './nodes/SoraVideo', './nodes/SoraVideoTrigger'] },
	{ target: './nodes/host', from: ['./nodes/SoraVideo', './nodes/SoraVideoTrigger'] },
	{ target: './nodes/SoraVideo', from: './nodes/SoraVideoTrigger' },
	{ target: './nodes/SoraVideoTrigger', from: './nodes/SoraVideo' },
	...FLOORS.slice(0, -1).map((floor, at) => ({
		target: floor.map(inSoraVideo),
		from: FLOORS.slice(at + 1)
			.flat()
			.map(inSoraVideo),
	})),
	{ target: ['./nodes', './credentials'], from: ['./test', './tools', './stand-in', './scripts'] },
];

export default defineConfig(
	globalIgnores(['dist', 'coverage', 'demo-output', '**/.run', '**/.tmp']),
	{
		files: ['**/*.ts'],
		extends: [js.configs.recommended, tseslint.configs.recommended, importX.flatConfigs.recommended],
		settings: { 'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js', '.json'] })] },
		rules: { 'prefer-spread': 'off' },
	},
	{
		files: ['nodes/**/*.ts', 'credentials/**/*.ts'],
		extends: [cloud],
		plugins: { 'n8n-nodes-base': n8nNodesBase },
		rules: {
			'no-console': 'error',
			// n8n's own rule lets every devDependency pass, taking it for bundled. Nothing is bundled here: such an
			// import would fail only once it runs inside n8n. These are the modules that n8n provides.
			'no-restricted-imports': [
				'error',
				{
					patterns: [
						{ regex: '^(?!\\.{1,2}/|n8n-workflow$|zod$|luxon$|lodash(/|$)|p-limit$|(node:)?crypto$)' },
					],
				},
			],
			'import-x/no-restricted-paths': ['error', { zones: ROOMS }],
			'import-x/no-cycle': 'error',
		},
	},
	{
		files: ['package.json'],
		extends: [cloud],
		plugins: { 'n8n-nodes-base': n8nNodesBase },
		rules: n8nNodesBase.configs.community.rules,
		languageOptions: { parser: tseslint.parser, parserOptions: { extraFileExtensions: ['.json'] } },
	},
	{
		files: ['credentials/**/*.ts'],
		rules: {
			...n8nNodesBase.configs.credentials.rules,
			'n8n-nodes-base/cred-class-field-documentation-url-miscased': 'off',
			'n8n-nodes-base/cred-class-field-type-options-password-missing': 'off',
		},
	},
	{
		files: ['nodes/**/*.ts'],
		rules: {
			...n8nNodesBase.configs.nodes.rules,
			'n8n-nodes-base/node-class-description-inputs-wrong-regular-node': 'off',
			'n8n-nodes-base/node-class-description-outputs-wrong': 'off',
			'n8n-nodes-base/node-param-type-options-max-value-present': 'off',
		},
	},
	{
		// Shipped code keeps the stricter default, as `n8n-node lint` does.
		files: ['scripts/**/*.ts', 'stand-in/**/*.ts', 'test/**/*.ts', 'tools/**/*.ts'],
		rules: { '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }] },
	},
	{
		files: ['**/*.{js,cjs,mjs}'],
		extends: [js.configs.recommended],
		languageOptions: { globals: Object.fromEntries(nodeGlobals.map((name) => [name, 'readonly'])) },
	},
	{ files: ['**/*.js'], languageOptions: { sourceType: 'commonjs' } },
);
