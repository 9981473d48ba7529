import { Refusal } from './answer';
import type { FullAnswer, HttpFault, Room } from './types';

/** Where each was seen: `x-stand-in.room` of the OpenAPI file. */
const FULL: Record<FullAnswer, { status: number; taken?: boolean } & Partial<HttpFault>> = {
	'429': { status: 429, generation: 'old' },
	'429-retry-after': { status: 429, retryAfter: 5 },
	'500': { status: 500 },
	'500-taken': { status: 500, taken: true },
};

export const FULL_ANSWERS = Object.keys(FULL) as FullAnswer[];

/**
 * What an order meets that finds so many tasks under way; undefined where it has room.
 * @param message of a 500
 */
export function crowding(
	room: Room | undefined,
	underWay: number,
	message: string,
): { refusal: Refusal; taken: boolean } | undefined {
	if (room === undefined || underWay < room.tasks) return undefined;
	const { status, taken = false, retryAfter, ...detail } = FULL[room.full ?? '429'];
	return {
		refusal: new Refusal(status, {
			...detail,
			retryAfter: retryAfter && (room.retryAfter ?? retryAfter),
			...(status === 500 && { message }),
		}),
		taken,
	};
}
