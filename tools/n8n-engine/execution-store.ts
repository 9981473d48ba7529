import { migrateRunExecutionData } from 'n8n-workflow';
import type {
	ExecutionStatus,
	IRun,
	IRunExecutionData,
	IWorkflowBase,
	WorkflowExecuteMode,
} from 'n8n-workflow';
import { parse, stringify } from 'flatted';

/** A row of n8n's execution table. `data` is the run data as n8n stores it (flatted). */
export interface StoredExecution {
	id: string;
	mode: WorkflowExecuteMode;
	status: ExecutionStatus;
	finished: boolean;
	waitTill: Date | null;
	retryOf?: string;
	workflow: IWorkflowBase;
	data: string;
}

let lastId = 0;

/**
 * n8n's execution table, in memory: every write goes through flatted and every read comes out of it, so nothing
 * survives here that would not survive in n8n's database. Ids are unique in the process.
 */
export class ExecutionStore {
	private readonly rows = new Map<string, StoredExecution>();

	create(
		row: Pick<StoredExecution, 'mode' | 'workflow' | 'retryOf'>,
		data: IRunExecutionData,
	): StoredExecution {
		const id = String(++lastId);
		const created: StoredExecution = {
			...row,
			id,
			status: 'running',
			finished: false,
			waitTill: null,
			data: stringify(data),
		};
		this.rows.set(id, created);
		return { ...created };
	}

	/** The row as it is now, or undefined once n8n has deleted it (a success that is not to be saved). */
	find(id: string): StoredExecution | undefined {
		const row = this.rows.get(id);
		return row && { ...row };
	}

	get(id: string): StoredExecution {
		const row = this.find(id);
		if (!row) throw new Error(`The execution "${id}" does not exist.`);
		return row;
	}

	/** Run data as n8n reads it back from the database. */
	readData(id: string): IRunExecutionData {
		return migrateRunExecutionData(parse(this.get(id).data) as never);
	}

	write(id: string, change: Partial<Omit<StoredExecution, 'data'>>, data?: IRunExecutionData): void {
		this.rows.set(id, { ...this.get(id), ...change, ...(data && { data: stringify(data) }) });
	}

	/** Takes a parked execution for a resume; false when somebody else was first (ActiveExecutions.add). */
	claim(id: string, data: IRunExecutionData): boolean {
		if (this.get(id).status !== 'waiting') return false;
		this.write(id, { status: 'running', waitTill: null }, data);
		return true;
	}

	/** What n8n's `workflowExecuteAfter` save hook does at the end of a run, or when it parks. */
	save(id: string, run: IRun): void {
		const row = this.find(id);
		if (!row || row.status === 'canceled' || row.status === 'crashed') return;
		const { settings } = row.workflow;
		const waiting = Boolean(run.waitTill);
		const unwanted =
			run.status === 'success'
				? settings?.saveDataSuccessExecution === 'none'
				: settings?.saveDataErrorExecution === 'none';
		const manualUnwanted = settings?.saveManualExecutions === false;
		if (!waiting && (row.mode === 'manual' ? manualUnwanted : unwanted)) {
			this.rows.delete(id);
			return;
		}
		const end = { status: run.status, finished: run.finished ?? false, waitTill: run.waitTill ?? null };
		this.write(id, end, run.data);
	}
}

/** The status that n8n stores, from what the engine reports (`determineFinalExecutionStatus`). */
export function finalStatus(run: IRun): ExecutionStatus {
	if (run.waitTill) return 'waiting';
	if (run.status === 'canceled' || run.status === 'crashed') return run.status;
	return run.data.resultData.error || run.status === 'error' ? 'error' : 'success';
}
