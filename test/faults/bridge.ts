import { WebhookServer, resumeByWebhook, type Engine, type Run } from '../../tools/n8n-engine';

/**
 * n8n's `webhook-waiting` address for many engines in one process: the stand-in posts its callbacks here, and what they
 * wake up can be taken with `woken`.
 */
export class Bridge {
	private readonly engines = new Map<string, Engine>();
	private readonly runs = new Map<string, Run[]>();
	private server!: WebhookServer;

	static async open(): Promise<Bridge> {
		const bridge = new Bridge();
		bridge.server = await WebhookServer.open(async (path, call) => {
			const [executionId = '', suffix] = path.split('/').slice(-2);
			const engine = bridge.engines.get(executionId);
			if (engine === undefined)
				return { statusCode: 404, body: { message: 'no such execution' }, headers: {} };
			const outcome = await resumeByWebhook(engine, executionId, { suffix, ...call });
			if (outcome.run) bridge.runs.set(executionId, [...(bridge.runs.get(executionId) ?? []), outcome.run]);
			return outcome;
		});
		return bridge;
	}

	get origin(): string {
		return this.server.origin;
	}

	/** Callbacks for this execution are let in from now on. */
	admit(engine: Engine, executionId: string): void {
		this.engines.set(executionId, engine);
	}

	/** The next run that a callback started, if there is one. */
	woken(executionId: string): Run | undefined {
		return this.runs.get(executionId)?.shift();
	}

	async close(): Promise<void> {
		await this.server.close();
	}
}
