import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packedPackage } from '../../tools/n8n-engine/packed-package';

/** The part of Jest's global config that says which files were asked for. */
interface Asked {
	rootDir: string;
	testPathPatterns: {
		toExecutor(options: { rootDir: string }): { isMatch(path: string): boolean };
	};
}

/** Packs the package once for all engine tests, before any of their time limits begins. Nothing is packed where none of them runs. */
export default async function globalSetup({ rootDir, testPathPatterns }: Asked): Promise<void> {
	if (process.env.ENGINE_PACKAGE === 'source') return;
	const asked = testPathPatterns.toExecutor({ rootDir });
	const tests = readdirSync(__dirname).filter((name) => name.endsWith('.test.ts'));
	if (tests.some((name) => asked.isMatch(join(__dirname, name)))) await packedPackage();
}
