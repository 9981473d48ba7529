/** The three items that every cell runs with; each order can be told by what it asks for. */

export const ITEMS = [0, 1, 2];

/** 0.1 s more for each item: the one field that all orders of characters have. */
const timestampsOf = (item: number) => `0,1.${item + 1}`;

export const fieldsOf = (item: number) => ({
	prompt: `order ${item}: a cat in the rain`,
	videoUrl: `https://example.com/order-${item}.mp4`,
	timestamps: timestampsOf(item),
});

/** The item that an order, or the task made of it, belongs to. */
export function itemOf(request: unknown): number | undefined {
	const { prompt, timestamps } = (request ?? {}) as { prompt?: unknown; timestamps?: unknown };
	return ITEMS.find((item) => fieldsOf(item).prompt === prompt || timestampsOf(item) === timestamps);
}
