import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, createServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';

const HOST = '127.0.0.1';

/** Where a server listens: a port that it keeps while it refuses connections. */
export class Address {
	/** What keeps the port while nothing listens on it; undefined while online. */
	private holder?: Socket;

	private constructor(
		private readonly server: Server,
		private readonly port: number,
		/**
		 * The other end of the holder's connection, because a socket that is only bound cannot be kept. Opened at the start, so
		 * that going offline has nothing to wait for.
		 */
		private readonly anchor: NetServer,
	) {}

	/** Listens on `port` (0: a free one). Rejects if it is taken. */
	static async open(server: Server, port: number): Promise<Address> {
		await listen(server, port);
		const anchor = createServer((socket) => socket.unref().on('error', () => socket.destroy())).unref();
		await listen(anchor, 0);
		return new Address(server, portOf(server), anchor);
	}

	get url(): string {
		return `http://${HOST}:${this.port}`;
	}

	/**
	 * Refuses connections until `online`. A free port may be given to the next server or outgoing connection of this machine,
	 * which would then answer in place of the offline one; so a socket that does not listen stays bound to it.
	 */
	async offline(): Promise<void> {
		if (this.holder) return;
		const closed = this.unlisten();
		this.holder = connect({
			host: HOST,
			port: portOf(this.anchor),
			localAddress: HOST,
			localPort: this.port,
		}).unref();
		await Promise.all([closed, once(this.holder, 'connect')]);
	}

	async online(): Promise<void> {
		await listen(this.server, this.port);
		this.release();
	}

	/** Safe to call twice. */
	async close(): Promise<void> {
		this.release();
		this.anchor.close();
		if (this.server.listening) await this.unlisten();
	}

	private release(): void {
		this.holder?.resetAndDestroy();
		this.holder = undefined;
	}

	private async unlisten(): Promise<void> {
		const closed = once(this.server, 'close');
		this.server.close();
		this.server.closeAllConnections();
		await closed;
	}
}

async function listen(server: NetServer, port: number): Promise<void> {
	await once(server.listen(port, HOST), 'listening');
}

function portOf(server: NetServer): number {
	return (server.address() as AddressInfo).port;
}
