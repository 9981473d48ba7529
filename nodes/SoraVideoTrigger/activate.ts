import type { IHookFunctions } from 'n8n-workflow';

import { CREDENTIAL } from '../evolink/client';
import { checkPublicHttpsUrl } from '../evolink/urls';
import { problemOf } from '../host/errors';
import { readTriggerSettings } from './settings';

/** What keeps a trigger from ever starting its workflow, in a sentence. */
export async function whyNotActivate(ctx: IHookFunctions): Promise<string | undefined> {
	try {
		const settings = readTriggerSettings((name, fallback) => ctx.getNodeParameter(name, fallback) as unknown);
		if (!settings.verify) return undefined;
	} catch (error) {
		return problemOf(error).message;
	}
	try {
		await ctx.getCredentials(CREDENTIAL);
		return undefined;
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		return `'Verify' is on, and for that the node needs an EvoLink API credential to read each task with (${reason}). Choose one, or turn 'Verify' off.`;
	}
}

/** Not an error: a tunnel or a proxy may lead to the address under another name, which n8n does not know of. */
export function warnOfUnreachableUrl(ctx: IHookFunctions): void {
	const url = ctx.getNodeWebhookUrl('default');
	const checked = checkPublicHttpsUrl(url ?? '');
	if (checked.ok) return;
	ctx.logger.warn(
		`Sora Video Trigger: EvoLink calls public https URLs only, and this one ${checked.reason}: ${url}. Set n8n's N8N_WEBHOOK_URL (older n8n: WEBHOOK_URL) to its public address, or use the public address of your tunnel in its place.`,
		{ workflowId: ctx.getWorkflow().id, nodeName: ctx.getNode().name },
	);
}
