import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';
import * as data from '../../nodes/evolink/generated/spec.gen';
import { checkBody, rulesOf } from '../../nodes/evolink/models';
import { at, bodySchema, misfits, validator, type Json, type JsonObject } from './openapi';

const ROOT = join(__dirname, '..', '..');

describe('the generated code', () => {
	const generate = (...args: string[]): Promise<{ failed: boolean; said: string }> =>
		new Promise((resolve) => {
			const tsx = join(ROOT, 'node_modules', 'tsx', 'dist', 'cli.mjs');
			const command = [tsx, join(ROOT, 'scripts', 'generate.ts'), ...args];
			execFile(process.execPath, command, (error, stdout, stderr) => {
				resolve({ failed: error !== null, said: stdout + stderr });
			});
		});

	it('is what the spec says today (else: npm run generate)', async () => {
		expect(await generate('--check')).toEqual({ failed: false, said: '' });
	}, 60_000);

	it('cannot be changed by hand or lost unnoticed', async () => {
		const folder = mkdtempSync(join(tmpdir(), 'generated-'));
		try {
			cpSync(join(ROOT, 'nodes', 'evolink', 'generated'), folder, { recursive: true });
			const file = join(folder, 'spec.gen.ts');
			writeFileSync(file, readFileSync(file, 'utf8').replace('"maxLength": 5000', '"maxLength": 6000'));
			rmSync(join(folder, 'otherModels.gen.ts'));
			const { failed, said } = await generate('--check', '--output', folder);
			expect(failed).toBe(true);
			expect(said).toMatch(
				/spec\.gen\.ts differs .* line \d+\n.*committed: .*: 6000.*\n.*generated: .*: 5000/,
			);
			expect(said).toMatch(/otherModels\.gen\.ts differs .* line 1\n/);
		} finally {
			rmSync(folder, { recursive: true });
		}
	}, 60_000);

	it('needs nothing', () => {
		const folder = join(ROOT, 'nodes', 'evolink', 'generated');
		const imports = readdirSync(folder).flatMap(
			(name) => readFileSync(join(folder, name), 'utf8').match(/^import .*$|require\(.*/gm) ?? [],
		);
		expect(imports).toEqual([]);
	});

	it('names operations as the document does, with method, server and path', () => {
		expect(data.PATHS).toMatchObject({
			createVideoTask: { method: 'POST', server: 'api', path: '/v1/videos/generations' },
			getTask: { method: 'GET', server: 'api', path: '/v1/tasks/{task_id}' },
			getCredits: { method: 'GET', server: 'api', path: '/v1/credits' },
			uploadFileStream: { method: 'POST', server: 'files', path: '/api/v1/files/upload/stream' },
			deleteFile: { method: 'DELETE', server: 'files', path: '/api/v1/files/{file_id}' },
		});
		const operations = Object.values(at('paths')).flatMap((item) =>
			Object.values(item as JsonObject).flatMap((operation) => (operation as JsonObject)?.operationId ?? []),
		);
		expect(operations).toEqual(expect.arrayContaining(Object.keys(data.PATHS)));
		expect(new Set(operations).size).toBe(operations.length);
		expect(data.API_SERVERS.files).toBe('https://files-api.evolink.ai');
	});

	/** Objects whose keys are values of the API: code reads them by a variable. */
	const MAPS = ['models', 'sizes', 'priceFactors', 'httpFailures', 'taskFailures', 'httpErrorCodes'];

	function namesIn(value: unknown, isMap = false): string[] {
		if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
		return Object.entries(value).flatMap(([key, inner]) => [
			...(isMap ? [] : [key]),
			...namesIn(inner, MAPS.includes(key)),
		]);
	}

	it('holds nothing that shipped code does not read (else: the lists in scripts/generate.ts)', () => {
		const code = ['nodes', 'credentials']
			.flatMap((room) =>
				readdirSync(join(ROOT, room), { recursive: true }).map((file) => join(room, String(file))),
			)
			.filter((file) => file.endsWith('.ts') && !file.endsWith('.gen.ts'))
			.map((file) => readFileSync(join(ROOT, file), 'utf8'));
		const readers = code.filter((text) => text.includes('spec.gen') || text.includes('operation:')).join();
		const names = [...namesIn(data.evolinkFacts), ...Object.keys(data.PATHS)];
		expect(names.filter((name) => !new RegExp(`[.{ \t\n']${name}\\b`).test(readers))).toEqual([]);
	});
});

describe('the check of a request and the OpenAPI document', () => {
	const MODELS = [...Object.keys(data.DOCUMENTED_FIELDS), 'some-other-model'];
	const requestFits = validator(bodySchema('/v1/videos/generations', 'post'));

	const CAT = '\u{1f408}';
	const urls = ['https://example.com/a.png', 'http://example.com/a.png', 'ftp://example.com/a', 'a.png', ''];
	const values: Record<string, Json[]> = {
		prompt: ['', 'x'.repeat(5000), 'x'.repeat(5001), CAT.repeat(5000), CAT.repeat(5001), 7, null],
		aspect_ratio: [...data.DOCUMENTED_FIELDS['sora-2-preview'].aspect_ratio.enum, 'wide', '', 16],
		duration: [4, 8, 12, 5, 8.5, 0, '8'],
		quality: ['720p', '1080p', 'high', '', 720],
		image_urls: [[], ...urls.map((url) => [url]), [urls[0], urls[1]], urls[0]],
		callback_url: ['https://example.com/hook', ...urls, 'https://example.com/'.padEnd(2049, 'x')],
		video_url: urls,
		timestamps: ['0,2', '1', '0.5,2', '0,1,2', 'a,b', '-1,1', ''],
	};
	const field = fc
		.constantFrom(...Object.keys(values))
		.chain((name) => fc.tuple(fc.constant(name), fc.constantFrom(...values[name])));
	const model = fc.constantFrom(...MODELS);
	const body = fc.tuple(model, fc.array(field, { maxLength: 3 })).map(([name, fields]) => ({
		model: name,
		...(name === 'sora-character' ? { video_url: urls[0] } : { prompt: 'A cat' }),
		...Object.fromEntries(fields),
	}));

	it('judge every request alike', () => {
		const seen = { fits: 0, refused: 0 };
		fc.assert(
			fc.property(body, (request) => {
				const fits = requestFits(request);
				seen[fits ? 'fits' : 'refused'] += 1;
				expect(checkBody(rulesOf(request.model), request as IDataObject) === undefined).toBe(fits);
			}),
			{ numRuns: 3000 },
		);
		expect(Math.min(seen.fits, seen.refused)).toBeGreaterThan(300);
	});

	it('take the strict rules when a known model is typed as a custom one', () => {
		expect(requestFits({ model: 'sora-2-preview', prompt: 'A cat', seed: 1 })).toBe(false);
		expect(requestFits({ model: 'sora-3', prompt: 'A cat', seed: 1, duration: 10 })).toBe(true);
	});

	const taskFits = validator({ $ref: '#/components/schemas/VideoTask' });

	it.each<[string, JsonObject]>([
		['an unknown status', { id: 'task-unified-1', status: 'paused' }],
		['unknown fields on each level', { id: 'a', new: { x: 1 }, usage: { y: 2 }, task_info: { z: [3] } }],
		['unknown kinds', { object: 'image.generation.task', type: 'hologram', usage: { billing_rule: 'free' } }],
		['nothing at all', {}],
		['nulls where nothing is there yet', { id: 'a', error: null, results: null, result_data: null }],
		['results in a list of objects', { result_data: [{ url: 'https://example.com/a.mp4', duration: 4 }] }],
		['an error with a number as code', { status: 'failed', error: { code: 500, message: 'a\nb', hint: 1 } }],
	])('accept %s in a task', (_, task) => {
		expect(misfits(taskFits, task)).toEqual([]);
	});

	it.each<[string, JsonObject]>([
		[
			'newer',
			{ error: { code: 'model_unavailable', message: 'm', type: 't', allowed_models: ['x'], more: 1 } },
		],
		[
			'older',
			{ error: { code: 503, message: 'm', type: 't', fallback_suggestion: 'retry' }, request_id: 'r' },
		],
		['sign-in', { error: 'invalid_token', error_description: 'd' }],
	])('accept an error of the %s form', (_, error) => {
		expect(misfits(validator({ $ref: '#/components/schemas/ApiError' }), error)).toEqual([]);
	});
});
