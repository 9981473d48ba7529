import { forgetEverything, Recent } from '../../../nodes/evolink/recent';

describe('the memory of a process', () => {
	test('forgets first what was set longest ago', () => {
		const memory = new Recent<number>(2);
		memory.set('a', 1).set('b', 2).set('a', 3).set('c', 4);
		expect([...memory]).toEqual([
			['a', 3],
			['c', 4],
		]);
	});

	test('is as empty as that of a new process where a test asks for it', () => {
		const memories = [new Recent<number>(2).set('a', 1), new Recent<string>(2).set('b', '2')];
		forgetEverything();
		expect(memories.map(({ size }) => size)).toEqual([0, 0]);
	});
});
