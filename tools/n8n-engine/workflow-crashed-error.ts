import { WorkflowOperationError } from 'n8n-workflow';

/** n8n's own words for an execution whose process died (errors/workflow-crashed.error.js of the n8n package). */
export class WorkflowCrashedError extends WorkflowOperationError {
	constructor() {
		super('Workflow did not finish, possible out-of-memory issue');
	}
}
