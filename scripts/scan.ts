/**
 * n8n's verification scan, offline: both parts of @n8n/scan-community-package, on the source and on the packed tarball. The
 * provenance attestation is left out, because only a published version has one.
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

/** The patterns of the scanner's tarball part, which it does not export. */
const TARBALL_FILE_PATTERNS = ['**/*.js', 'package.json'];

runMain(async () => {
	const file = path.join(installTool('scan'), '@n8n/scan-community-package/scanner/scanner.mjs');
	const scanner = (await import(pathToFileURL(file).href)) as Scanner;
	const leg = async (name: string, folder: string, patterns: string[]) => {
		const { passed, message, details } = await scanner.analyzePackage(folder, patterns);
		// For the scanner, a part that found no file counts as passed, with a message.
		if (!passed || message) throw new Error(`scan of the ${name}: ${message}\n${details ?? ''}`);
		console.log(`scan of the ${name}: passed`);
	};
	await leg('source', ROOT, scanner.SOURCE_FILE_PATTERNS);
	await withTemporaryFolder(async (folder) => {
		await leg('tarball', unpack(pack(folder), folder), TARBALL_FILE_PATTERNS);
	});
});
