/**
 * Runs workflows in n8n's real engine (n8n-core), with what n8n's server does around it: credentials, binary store,
 * stored executions, Stop, Retry, resuming by timer or webhook. Written after n8n 2.41.1; each part names its model.
 *
 *     const engine = createEngine(new Host([await loadPackage()]), { evoLinkApi: { apiKey, baseUrl } });
 *     const run = await runWorkflow(engine, { nodes: [trigger, node, next] }, { items, mode: 'manual' });
 *     run.status; run.json('Next'); run.error?.message; run.hints('Node'); run.logs; run.everythingWritten();
 *
 * Under Jest, errors made by Node itself (a dropped socket) are not `instanceof Error`: test them by `code`.
 */
export { createEngine, runWorkflow, startWorkflow, type RunOptions } from './run-workflow';
export { recoverCrashed, resumeByTimer, retryExecution, type RetryOptions } from './resume';
export { receiveWebhook, resumeByWebhook, type WebhookOutcome } from './webhook';
export { loadOptions, searchList } from './list-search';
export { WebhookServer } from './webhook-server';
export { stopStored, type Engine, type Run } from './engine';
export { Execution, binaryOf } from './execution';
export { Host, loadPackage } from './host';
export { packedPackage } from './packed-package';
export { connect, type NodeFixture, type WorkflowFixture } from './workflow-fixture';
export type { WebhookAnswer, WebhookCall } from './fake-http';
