import { allowance, refusedFor, tookOne, turnAt, type Room } from '../../../../nodes/SoraVideo/run/room';

const refusal = { underWay: 3, now: 1000, chance: 0 };
const after = (room: Room | undefined, more = {}) => refusedFor(room, { ...refusal, ...more });

test('without a refusal there is room for all, or for as many as the user wants at once', () => {
	expect(allowance(undefined, 7, 0)).toBe(Infinity);
	expect(allowance(undefined, 2, 0, 5)).toBe(3);
	expect(allowance(undefined, 7, 0, 5)).toBe(0);
	expect(turnAt(undefined, 5, 5)).toBe(Infinity);
	expect(turnAt(undefined, 4, 5)).toBe(0);
	expect(tookOne(undefined, 7)).toBeUndefined();
});

test('after a refusal each task that has ended is one turn', () => {
	const room = after(undefined);
	expect([3, 2, 1].map((underWay) => allowance(room, underWay, 2000))).toEqual([0, 1, 2]);
	expect(allowance(room, 1, 2000, 2)).toBe(1);
	expect([turnAt(room, 3), turnAt(room, 2)]).toEqual([67_000, 0]);
	expect(tookOne(room, 3)).toBe(room);
	const growing = { ...room, growBy: 2 };
	expect(tookOne(growing, 2)).toBe(growing);
});

test('where nothing ends, one is tried by the clock: after a minute, growing to five, with jitter', () => {
	let room = after(undefined, { underWay: 0 });
	const waits = Array.from({ length: 4 }, () => {
		const wait = turnAt(room, 0) - 1000;
		room = after(room, { underWay: 0 });
		return wait;
	});
	expect(waits).toEqual([66_000, 132_000, 264_000, 300_000]);
	expect(turnAt(after(undefined, { underWay: 0, chance: 1 }), 0)).toBe(1000 + 99_000);
	expect(allowance(room, 0, turnAt(room, 0) - 1)).toBe(0);
	expect(allowance(room, 0, turnAt(room, 0))).toBe(1);
});

test('EvoLink is asked when it says so, at most once, and after five minutes at the latest', () => {
	expect(turnAt(after(undefined, { askedMs: 5000 }), 3)).toBe(6000);
	expect(turnAt(after(undefined, { askedMs: 86_400_000 }), 3)).toBe(301_000);
	expect(turnAt(after(after(undefined), { askedMs: 5000 }), 3)).toBe(133_000);
});

test('one that had to be looked up is risked more rarely while tasks are under way', () => {
	const room = after(undefined, { isDear: true });
	expect(turnAt(room, 3)).toBe(661_000);
	expect(turnAt({ ...room, cap: 0 }, 0)).toBe(67_000);
});

test('where more gets through than was refused before, the room grows in steps', () => {
	let room = after(undefined);
	let underWay = 3;
	const steps: number[] = [];
	for (let round = 0; round < 4; round += 1) {
		const free = Math.max(allowance(room, underWay, 1e9), 1);
		steps.push(free);
		for (let at = 0; at < free; at += 1) room = tookOne(room, (underWay += 1))!;
	}
	expect(steps).toEqual([1, 1, 2, 4]);
	expect(room.strikes).toBe(0);
	expect(after(room, { underWay }).cap).toBe(underWay);
});
