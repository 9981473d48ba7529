import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

const HOST = '127.0.0.1';

/** Where a server listens: a port that stays its own while it refuses connections. */
export class Address {
	/** What keeps the port while nothing listens on it; undefined while online. */
	private holder?: Socket;

	private constructor(
		private readonly server: Server,
		readonly port: number,
	) {}

	/** Listens on `port` (0: a free one). Rejects if it is taken. */
	static async open(server: Server, port: number): Promise<Address> {
		await listen(server, port);
		return new Address(server, (server.address() as AddressInfo).port);
	}

	get url(): string {
		return `http://${HOST}:${this.port}`;
	}

	/**
	 * Connections are refused until `online`. A port that nobody holds may go to the next server or outgoing connection of
	 * this machine, and what was meant for the one that is offline would be answered by another; so a socket stays bound
	 * to it, which does not listen.
	 */
	async offline(): Promise<void> {
		const other = createServer((socket) => socket.on('error', () => socket.destroy()).unref());
		await once(other.listen(0, HOST), 'listening');
		const closed = this.unlisten();
		this.holder = connect({
			host: HOST,
			port: (other.address() as AddressInfo).port,
			localAddress: HOST,
			localPort: this.port,
		}).unref();
		await once(this.holder, 'connect');
		other.close();
		await closed;
	}

	async online(): Promise<void> {
		await listen(this.server, this.port);
		this.release();
	}

	async close(): Promise<void> {
		this.release();
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

async function listen(server: Server, port: number): Promise<void> {
	await once(server.listen(port, HOST), 'listening');
}
