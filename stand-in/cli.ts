import { readOptions, USAGE, UsageError } from './cli-options';
import { startStandIn, type SeenRequest, type StandIn } from './index';

function promptOf({ body }: SeenRequest): string {
	const { prompt } = (body ?? {}) as { prompt?: unknown };
	return typeof prompt === 'string' ? ` "${prompt.slice(0, 60).replace(/\s+/g, ' ')}"` : '';
}

function log(text: string): void {
	console.log(`${new Date().toLocaleTimeString('en-GB')}  ${text}`);
}

function logEverything({ events }: StandIn): void {
	events.on('request', (seen) => log(`${seen.method} ${seen.path} → ${seen.status}${promptOf(seen)}`));
	events.on('create', (task) => log(`  created ${task.id} (${task.model})`));
	events.on('charge', ({ credits }) => log(`  charged ${credits} made-up credits`));
	events.on('terminal', (task) => log(`  ${task.id} is ${task.status}`));
	events.on('callback', ({ url, attempt, status, error }) =>
		log(`  callback, attempt ${attempt}, to ${url} → ${status ?? error}`),
	);
}

async function main(): Promise<void> {
	const { help, minutes, ...options } = readOptions(process.argv.slice(2));
	if (help) return console.log(USAGE);
	const evolink = await startStandIn(options);
	logEverything(evolink);
	console.log(
		`Stand-in EvoLink at ${evolink.url} (use it as both Base URL and Files URL)\nAPI key: ${evolink.apiKey}`,
	);

	const end = () => {
		clearTimeout(limit);
		void evolink.close();
	};
	const limit = setTimeout(end, Math.min(minutes * 60_000, 2 ** 31 - 1));
	process.once('SIGINT', end);
	process.once('SIGTERM', end);
}

main().catch((error: unknown) => {
	console.error(error instanceof Error ? error.message : error);
	if (error instanceof UsageError) console.error(`\n${USAGE}`);
	process.exitCode = error instanceof UsageError ? 2 : 1;
});
