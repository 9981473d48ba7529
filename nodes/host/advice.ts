import { failureReference, type Failure, type FailureKind } from '../evolink/failure';
import { evolinkFacts } from '../evolink/generated/spec.gen';
import { sentence, tidy } from '../evolink/redact';

/** What to do where EvoLink does not serve a model. */
export const MODEL_ADVICE =
	'EvoLink closes models without notice: look at its model list (https://evolink.ai/models) and choose another one.';

const CREDENTIAL_ADVICE = "Look at the node's credential.";

const ADVICE: Record<FailureKind, string> = {
	badRequest: 'Check the fields against what the model takes.',
	unauthorized: 'Check the API key in the credential; keys are made at https://evolink.ai/dashboard/keys.',
	balance: 'Top up the EvoLink account, then run this again. The Get Credits operation shows the balance.',
	keyLimit:
		'Raise the spending limit of this API key, or use another key. The Get Credits operation shows what is left.',
	keyState:
		'This API key may not do that: look at its state and limits at https://evolink.ai/dashboard/keys.',
	content:
		'EvoLink moderates strictly: change the prompt or the image. Images of real people are not accepted.',
	modelUnavailable: MODEL_ADVICE,
	forbidden:
		'This API key may not do that. Use a key of the account that made the task, and check its rights at https://evolink.ai/dashboard/keys.',
	notFound: 'The id is unknown or has expired. Check that it belongs to this account.',
	tooLarge: 'Use a smaller file.',
	rateLimited: 'Wait a little, send fewer items at once, or ask EvoLink for a higher limit.',
	submission:
		'EvoLink already knows this order under the same Idempotency-Key. Look for it in the EvoLink dashboard.',
	server: 'EvoLink has trouble on its side. Try again in some minutes.',
	unexpected: 'Check the base URLs in the credential; something else than EvoLink may have answered.',
	network: 'Check the connection and the base URLs in the credential.',
};

const FROM_PROXY = 'This is not how EvoLink refuses: a proxy or firewall on the way may have answered.';

/** The advice that the spec has for its code, or ours for its kind; then what EvoLink suggests. */
export function adviceOn({ kind, status, code = '', fromProxy, suggestion }: Failure): string {
	const known: Readonly<Record<string, { advice: string }>> = evolinkFacts.httpFailures;
	const advice = () => {
		if (Object.hasOwn(known, code)) return known[code].advice;
		if (kind === 'unauthorized' && status === undefined) return CREDENTIAL_ADVICE;
		return kind === 'rateLimited' && status === 400 ? evolinkFacts.capacity.advice : ADVICE[kind];
	};
	const parts = [advice(), fromProxy && FROM_PROXY, suggestion && `EvoLink suggests: ${suggestion}.`];
	return tidy(parts.filter(Boolean).join(' '));
}

/** `EvoLink's words (reference)` */
export function failureWords(failure: Failure): string {
	return `${sentence(failure.message)} ${failureReference(failure)}`.trimEnd();
}

/** `EvoLink's words (reference). Advice.` */
export function failureSentence(failure: Failure): string {
	return `${failureWords(failure)}. ${adviceOn(failure)}`;
}
