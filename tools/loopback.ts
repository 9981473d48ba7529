import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Starts a server on a free port of this machine and gives its origin. */
export async function listen(server: Server): Promise<string> {
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Ends it, open connections included. */
export async function shut(server: Server): Promise<void> {
	await new Promise((resolve) => {
		server.close(resolve);
		server.closeAllConnections();
	});
}
