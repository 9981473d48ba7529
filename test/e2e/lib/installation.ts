import { Installation, type InstallationOptions } from '../../../tools/n8n-server/installation';

/**
 * An n8n from the start of the calling file, or `describe`, to its end: it is there in its hooks and tests. SQLite, one process,
 * unless told otherwise.
 */
export function openInstallation(
	options: Omit<InstallationOptions, 'mode'> & Partial<InstallationOptions>,
): Installation {
	const n8n = Object.create(Installation.prototype) as Installation;
	beforeAll(async () => {
		Object.assign(n8n, await Installation.open({ mode: 'regular', ...options }));
	}, 240_000);
	afterAll(async () => {
		if (Object.hasOwn(n8n, 'evolink')) await n8n.close();
	});
	return n8n;
}

/** Every video of EvoLink ends when a test says so, and a second order is charged, whatever its key. */
export const BY_HAND = { idempotency: 'ignored', defaults: { seconds: 1_000_000 } } as const;

/** What must hold at the end of every file. */
export function keepsTheKey(n8n: Installation): void {
	it('the key stands in no log, output or error that n8n wrote, and the stand-in found nothing out of order', () => {
		expect(n8n.filesWith(n8n.evolink.apiKey)).toEqual([]);
		expect(n8n.evolink.mediaStats.authorizations).toEqual([]);
		expect(n8n.evolink.violations).toEqual([]);
	});
}
