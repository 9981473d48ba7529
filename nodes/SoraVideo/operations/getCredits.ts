import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { getCredits } from '../../evolink/api';
import { failureSentence, malformedAnswer } from '../../evolink/failure';
import { nodeError, type Report } from '../../evolink/run/errors';
import { emitReport } from '../../evolink/run/settle';
import { isObject } from '../../evolink/task';

/**
 * What the key and the account have left: `{ token: { remaining_credits, used_credits, unlimited_credits }, user: {
 * remaining_credits, used_credits } }`. Asked once, given to every item.
 */
export async function executeGetCredits(ctx: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const answer = await getCredits(ctx);
	const items = [...ctx.getInputData().keys()];
	const data = answer.ok ? answer.body.data : undefined;
	if (answer.ok && isObject(data)) {
		return items.map((item) => ({ json: { ...data }, pairedItem: { item } }));
	}
	const failure = answer.ok ? malformedAnswer(answer.status, 'no credits in it') : answer.failure;
	const report: Report = { message: `The credits could not be read: ${failureSentence(failure)}`, failure };
	if (!ctx.continueOnFail()) throw nodeError(ctx.getNode(), report, 0);
	return items.map((item) => emitReport(ctx, report, item));
}
