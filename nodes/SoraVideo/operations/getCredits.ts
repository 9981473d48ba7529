import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { creditsAvailable, getCredits } from '../../evolink/api';
import { malformedAnswer } from '../../evolink/failure';
import { ProblemError } from '../../host/errors';
import { creditsUnreadable } from '../../host/messages';
import { defined, isObject } from '../../evolink/json';

/** `token` and `user` as EvoLink sends them, and `creditsAvailable`: asked once, given to every item. @throws ProblemError */
export async function executeGetCredits(ctx: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const answer = await getCredits(ctx);
	const data = answer.ok ? answer.body.data : undefined;
	if (answer.ok && isObject(data)) {
		const json = { ...data, ...defined({ creditsAvailable: creditsAvailable(answer.body) }) };
		return ctx.getInputData().map((_, item) => ({ json: { ...json }, pairedItem: { item } }));
	}
	const failure = answer.ok ? malformedAnswer(answer, 'no credits in it') : answer.failure;
	throw new ProblemError(creditsUnreadable(failure));
}
