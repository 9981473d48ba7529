/**
 * n8n's verification scan, offline: both legs of @n8n/scan-community-package, on the source and on the packed tarball.
 * What it leaves out is what only a published version has: the provenance attestation.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, installTool, pack, runMain, unpack, withTemporaryFolder } from './support';

interface Scanner {
	SOURCE_FILE_PATTERNS: string[];
	analyzePackage(
		folder: string,
		patterns: string[],
	): Promise<{ passed: boolean; message?: string; details?: string }>;
}

/** The patterns of the scanner's own tarball leg, which it does not export. */
const TARBALL_FILE_PATTERNS = ['**/*.js', 'package.json'];

runMain(async () => {
	const file = path.join(installTool('scan'), '@n8n/scan-community-package/scanner/scanner.mjs');
	const scanner = (await import(pathToFileURL(file).href)) as Scanner;
	const leg = async (name: string, folder: string, patterns: string[]) => {
		const { passed, message, details } = await scanner.analyzePackage(folder, patterns);
		// A leg that found no file to look at counts as passed for the scanner, with a message.
		if (!passed || message) throw new Error(`scan of the ${name}: ${message}\n${details ?? ''}`);
		console.log(`scan of the ${name}: passed`);
	};
	await leg('source', ROOT, scanner.SOURCE_FILE_PATTERNS);
	await withTemporaryFolder(async (folder) => {
		await leg('tarball', unpack(pack(folder), folder), TARBALL_FILE_PATTERNS);
	});
});
