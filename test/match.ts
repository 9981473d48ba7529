import type { SeenRequest } from '../stand-in';

/** Matches the orders with this prompt, for a fault that is to hit no others. */
export const ordersOf =
	(prompt: string) =>
	({ request }: { request: SeenRequest }) =>
		(request.body as { prompt?: string } | undefined)?.prompt === prompt;
