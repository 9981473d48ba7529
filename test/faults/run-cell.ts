import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IDataObject, INodeExecutionData, IWorkflowBase } from 'n8n-workflow';
import type { StandIn } from '../../stand-in';
import type { Execution, Run, WorkflowFixture } from '../../tools/n8n-engine';
import { Lab } from '../engine/lab';
import { mp4, png } from '../engine/media-files';
import { SORA, retryOnFail as retrying, withBothOutputs } from '../engine/support';
import type { Bridge } from './bridge';
import { HIT_ITEM, TIME_SCALE } from './fault-kinds';
import type { Cell } from './matrix';
import { ITEMS, fieldsOf, itemOf } from './orders';

/** Where callbacks come, long enough for n8n's timer not to be near; it is made due 2 s after parking. */
const timeoutSeconds = ({ wait }: Cell) => (wait === 'suspend, callback' ? 180 : 3);

/** How long that takes here. */
const realSeconds = (cell: Cell) => Math.min(timeoutSeconds(cell), 7);

/** Tasks end after 0.4 real seconds: one read finds them running, the next one done. */
const TASK_SECONDS = 16;

/** What an execution came to, and what had been paid for by then. */
export interface Ending {
	/** `run`, `retry` (the editor's, the fault lifted), or `resend` (the same, with the option for unknown outcomes). */
	step: 'run' | 'retry' | 'resend';
	execution: Execution;
	/** Ids of the tasks that existed by then, by item. */
	tasks: ReadonlyArray<{ item: number; id: string; key: string | undefined }>;
}

export interface Trace {
	cell: Cell;
	evolink: StandIn;
	endings: Ending[];
	/** What did not end when it should have. */
	hung?: string;
}

function fileOf(cell: Cell, item: number) {
	// of another length for each item
	const whole = cell.operation.startsWith('character') ? mp4() : png(1280, 720);
	const isCut = cell.fault.cutsInput && (cell.when === 'stays' || item === HIT_ITEM);
	const bytes = isCut ? whole.subarray(0, whole.length / 2) : Buffer.concat([whole], whole.length + item);
	return { data: bytes.toString('base64'), mimeType: 'application/octet-stream', fileName: 'input' };
}

function parametersOf(cell: Cell): IDataObject {
	const { operation, wait, fault } = cell;
	const [name] = operation.split(' ');
	const [way] = wait.split(',');
	const waits = way === 'none' ? { wait: 'none' } : { wait: 'auto', waitMode: way };
	const isFile = operation.endsWith('from a file');
	return {
		operation: name,
		wait: waits.wait,
		download: fault.place === 'media' || fault.place === 'callback',
		options: {
			...(waits.waitMode && { waitMode: waits.waitMode }),
			timeoutMinutes: timeoutSeconds(cell) / 60,
			pollSeconds: 0.25,
			maxDownloadMb: 2,
		},
		prompt: '={{ $json.prompt }}',
		videoUrl: '={{ $json.videoUrl }}',
		timestamps: '={{ $json.timestamps }}',
		taskId: '={{ $json.taskId }}',
		...(isFile && (name === 'generate' ? { startImage: 'binary' } : { video: 'binary' })),
	};
}

function workflowOf(cell: Cell): WorkflowFixture {
	const { onError, retryOnFail } = cell;
	const node = {
		name: SORA,
		type: 'n8n-nodes-evolink-sora.soraVideo',
		parameters: parametersOf(cell) as WorkflowFixture['nodes'][number]['parameters'],
		onError,
		...(retryOnFail && retrying),
	};
	return withBothOutputs(node);
}

/**
 * How long one execution may take, in real ms: for each try, the pauses that the node allows itself (orders 3 s and 30 s to look one up,
 * uploads, downloads and the reads of a woken run 4 s, two of three files at once), what the fault itself lasts, and the wait. Five more
 * for a busy machine.
 */
function longest(cell: Cell): number {
	const { fault, retryOnFail, wait } = cell;
	const pauses = { create: 33, upload: 8, media: 8, callback: 0, read: 8, task: 0, credits: 0 }[fault.place];
	const each = pauses + (fault.seconds ?? 0) + realSeconds(cell) + (wait === 'none' ? 0 : 1);
	return (each * (retryOnFail ? 3 : 1) + 5) * 1000;
}

class Hung extends Error {}

/** Time is counted in slices, so that a process that gets no turn is not taken for one that hangs. */
async function within<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
	let over = false;
	const late = async () => {
		for (let left = ms; left > 0 && !over; left -= 100) await sleep(100);
		throw new Hung(`${what} after ${ms / 1000} s`);
	};
	try {
		return await Promise.race([work, late()]);
	} finally {
		over = true;
	}
}

/** The next run of a parked execution: a callback's, or the timer's once it is due. */
async function wakeUp(cell: Cell, lab: Lab, bridge: Bridge, executionId: string): Promise<Run> {
	const timerAt = Date.now() + (cell.wait === 'suspend, timer' ? 300 : 2000);
	for (;;) {
		const run = bridge.woken(executionId);
		if (run) return run;
		// not while a callback's run goes on
		if (Date.now() >= timerAt && lab.engine.store.get(executionId).status === 'waiting') {
			if (cell.wait === 'suspend, callback') lab.makeDue(executionId);
			return await lab.startTimer(executionId);
		}
		await sleep(20);
	}
}

/** Follows an execution through every parking to its end. The timer comes three times after the deadline, once more than it needs. */
async function follow(cell: Cell, bridge: Bridge, lab: Lab, run: Run): Promise<Execution> {
	const { executionId } = run;
	const deadline = Date.now() + realSeconds(cell) * 1000;
	bridge.admit(lab.engine, executionId);
	for (let current = run, late = 0; ;) {
		const execution = await within(current.done, longest(cell), 'it ran on');
		if (execution.status !== 'waiting') return execution;
		if (late > 2) throw new Hung('parked after its deadline');
		current = await within(wakeUp(cell, lab, bridge, executionId), 10_000, 'nothing woke it');
		if (Date.now() > deadline + PLACING_MS) late += 1;
	}
}

/** The deadline counts from the parking, this one from the start: orders are placed in between. */
const PLACING_MS = 5000;

const resending = (workflow: IWorkflowBase): IWorkflowBase => ({
	...workflow,
	nodes: workflow.nodes.map((node) => {
		const options = { ...(node.parameters.options as IDataObject), resendUnknown: true };
		return node.name === SORA ? { ...node, parameters: { ...node.parameters, options } } : node;
	}),
});

async function steps(cell: Cell, bridge: Bridge, lab: Lab, trace: Trace): Promise<void> {
	const { evolink, engine } = lab;
	const taskIds =
		cell.operation === 'getTask'
			? await Promise.all(
					ITEMS.map(
						async (item) =>
							(await evolink.order({ model: 'sora-2-preview', prompt: fieldsOf(item).prompt })).id,
					),
				)
			: [];
	const items = ITEMS.map<INodeExecutionData>((item) => ({
		json: { ...fieldsOf(item), taskId: taskIds[item] ?? '' },
		...(cell.operation.endsWith('file') && { binary: { data: fileOf(cell, item) } }),
	}));
	const end = async (step: Ending['step'], run: Run) => {
		const execution = await follow(cell, bridge, lab, run);
		trace.endings.push({ step, execution, tasks: tasksOf(evolink) });
		return execution;
	};
	const lift = cell.fault.arm(evolink, cell.when);
	try {
		const first = await end('run', await lab.start(workflowOf(cell), items));
		await lift();
		if (first.status !== 'error') return;
		const second = await end('retry', await lab.startRetry(first));
		if (second.status !== 'error' || !cell.fault.unknown || cell.idempotency === 'ignored') return;
		const workflow = resending(engine.store.get(second.executionId).workflow);
		await end('resend', await lab.startRetry(second, { workflow }));
	} finally {
		await lift();
	}
}

function tasksOf(evolink: StandIn): Ending['tasks'] {
	return [...evolink.tasks.values()].map(({ id, request, idempotencyKey }) => ({
		item: itemOf(request) ?? -1,
		id,
		key: idempotencyKey,
	}));
}

/** Runs one cell from the first order to the last Retry, on a stand-in and an engine of its own. */
export async function runCell(cell: Cell, bridge: Bridge): Promise<Trace> {
	const lab = new Lab();
	await lab.open({
		// not in the form of EvoLink's keys, so that nothing but knowing it can blank it out; with all that can be escaped
		apiKey: `gw/+${randomBytes(21).toString('base64')}/==`,
		timeScale: TIME_SCALE,
		idempotency: cell.idempotency,
		...(cell.room !== undefined && { room: { tasks: cell.room } }),
		defaults: { seconds: TASK_SECONDS },
		callbackHosts: cell.wait === 'suspend, callback' ? { 'n8n.example.test': bridge.origin } : {},
	});
	const { evolink } = lab;
	const trace: Trace = { cell, evolink, endings: [] };
	try {
		await steps(cell, bridge, lab, trace);
	} catch (error) {
		if (!(error instanceof Hung)) throw error;
		const last = evolink.requests
			.slice(-4)
			.map(({ method, path, status }) => `${method} ${path} ${status ?? 'open'}`);
		trace.hung = `${error.message}; last: ${last.join(', ')}`;
	} finally {
		await evolink.close();
	}
	return trace;
}
