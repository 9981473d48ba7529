import './environment.cjs';
import { BinaryDataService } from 'n8n-core';
import { Container } from '@n8n/di';
import type {
	ExecutionError,
	ExecutionStatus,
	IDataObject,
	INodeExecutionData,
	IRunData,
	IRunExecutionData,
	ITaskData,
	NodeExecutionHint,
} from 'n8n-workflow';
import type { LogLine } from './log';

/** What n8n sends to an open editor while a workflow runs. */
export type Pushed =
	| { type: 'nodeExecuteBefore'; nodeName: string }
	| { type: 'nodeExecuteAfter'; nodeName: string; data: ITaskData }
	| { type: 'sendConsoleMessage'; data: IDataObject };

/** The end (or the parking) of one run of an execution, as n8n sees it. */
export class Execution {
	constructor(
		readonly executionId: string,
		/** The status that n8n stores: success, error, canceled, waiting or crashed. */
		readonly status: ExecutionStatus,
		readonly data: IRunExecutionData,
		/** When n8n's timer resumes a parked execution. */
		readonly waitTill: Date | undefined,
		readonly logs: LogLine[],
		readonly pushed: Pushed[],
	) {}

	get runData(): IRunData {
		return this.data.resultData.runData;
	}

	get error(): ExecutionError | undefined {
		return this.data.resultData.error;
	}

	/** What n8n shows of the error that ended it: message and description; '' where none did. */
	get errorText(): string {
		return this.error === undefined
			? ''
			: [this.error.message, this.error.description].filter(Boolean).join('. ');
	}

	/** Run `run` of a node (0 is the first, -1 the last); undefined when the node did not run. */
	task(nodeName: string, run = -1): ITaskData | undefined {
		return this.runData[nodeName]?.at(run);
	}

	/** Items on one output of a node; [] when it gave none. */
	output(nodeName: string, outputIndex = 0, run = -1): INodeExecutionData[] {
		return this.task(nodeName, run)?.data?.main[outputIndex] ?? [];
	}

	/** The `json` of the items on one output. */
	json(nodeName: string, outputIndex = 0, run = -1): IDataObject[] {
		return this.output(nodeName, outputIndex, run).map(({ json }) => json);
	}

	/** Execution hints of a node's run. */
	hints(nodeName: string, run = -1): NodeExecutionHint[] {
		return this.task(nodeName, run)?.hints ?? [];
	}

	/**
	 * Run data, stored error, editor pushes and log lines as one text, for "the key occurs nowhere" tests. Stricter than
	 * what n8n writes: the hidden parts of errors (stack, cause and its request) are included, as a later node may see them.
	 */
	everythingWritten(): string {
		const seen = new Set<unknown>();
		const withErrors = (_key: string, value: unknown): unknown => {
			if (typeof value !== 'object' || value === null) return value;
			if (seen.has(value)) return '(seen)';
			seen.add(value);
			if (!('message' in value) && !('stack' in value)) return value;
			return Object.fromEntries(
				Object.getOwnPropertyNames(value).map((name) => [name, Reflect.get(value, name)]),
			);
		};
		return JSON.stringify({ data: this.data, pushed: this.pushed, logs: this.logs }, withErrors);
	}
}

/** A file in n8n's binary store. */
export interface StoredBinary {
	fileName?: string;
	mimeType?: string;
	/** Size in bytes. */
	bytes: number;
	buffer(): Promise<Buffer>;
}

/** Reads the file that an item's binary field refers to, from n8n's binary store. */
export async function binaryOf(item: INodeExecutionData, field = 'data'): Promise<StoredBinary> {
	const binary = item.binary?.[field];
	if (!binary?.id) throw new Error(`The item has no stored binary field "${field}"`);
	const { id } = binary;
	const store = Container.get(BinaryDataService);
	const { fileSize } = await store.getMetadata(id);
	return {
		fileName: binary.fileName,
		mimeType: binary.mimeType,
		bytes: fileSize,
		buffer: async () => await store.getAsBuffer(binary),
	};
}
