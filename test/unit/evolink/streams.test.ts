import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';

import fc from 'fast-check';

import { destroyAfter, readCapped, streamOf } from '../../../nodes/evolink/streams';
import { alwaysAsync, PROPERTY_TIMEOUT_MS } from '../support';

jest.setTimeout(PROPERTY_TIMEOUT_MS);

/** A body that sends its start and then nothing more. */
function stalled(start = 'x'): Readable {
	const stream = new Readable({ read() {} });
	stream.push(start);
	return stream;
}

describe('reading a body', () => {
	const chunks = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 });

	test('gives all of it up to the cap, and nothing beyond', async () => {
		await alwaysAsync(chunks, fc.nat(300), async (parts, limit) => {
			const whole = Buffer.concat(parts);
			const stream = Readable.from(parts.map((part) => Buffer.from(part)));
			const bytes = await readCapped(stream, limit, 60_000);
			if (whole.length <= limit) expect(bytes?.equals(whole)).toBe(true);
			else expect(bytes).toBeUndefined();
			expect(stream.destroyed).toBe(true);
		});
	});

	test('of an endless body stops at the cap', async () => {
		let sent = 0;
		const endless = new Readable({
			read() {
				sent += 1000;
				this.push(Buffer.alloc(1000));
			},
		});
		expect(await readCapped(endless, 10_000, 60_000)).toBeUndefined();
		expect(endless.destroyed).toBe(true);
		expect(sent).toBeLessThan(200_000);
	});

	test('of a body that stalls ends in time', async () => {
		const stream = stalled();
		await expect(readCapped(stream, 1000, 20)).rejects.toMatchObject({ message: expect.stringMatching(/./) });
		expect(stream.destroyed).toBe(true);
	});

	test('of a body that breaks off gives the error, never half of it', async () => {
		const broken = Readable.from(
			(async function* () {
				yield Buffer.from('{"id":');
				throw new Error('socket hang up');
			})(),
		);
		await expect(readCapped(broken, 1000, 60_000)).rejects.toThrow('socket hang up');
	});
});

describe('a limit on a transfer', () => {
	test('ends it when the time is up, when it is stopped, or when it was stopped before', async () => {
		const late = stalled();
		destroyAfter(late, 10);
		const stop = new AbortController();
		const halted = stalled();
		destroyAfter(halted, 60_000, stop.signal);
		const never = stalled();
		destroyAfter(never, 60_000, AbortSignal.abort());
		for (const stream of [late, halted, never]) stream.on('error', () => {});
		expect([late.destroyed, halted.destroyed, never.destroyed]).toEqual([false, false, true]);
		stop.abort();
		await pause(50);
		expect([late.destroyed, halted.destroyed]).toEqual([true, true]);
	});

	test('that was lifted ends nothing', async () => {
		const stop = new AbortController();
		const stream = stalled();
		destroyAfter(stream, 10, stop.signal)();
		stop.abort();
		await pause(50);
		expect(stream.destroyed).toBe(false);
		stream.destroy();
	});
});

test('a stream over chunks is of the class of the sample and passes every byte', async () => {
	const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 10 });
	await alwaysAsync(chunks, async (parts) => {
		async function* source() {
			for (const part of parts) yield Buffer.from(part);
		}
		const stream = streamOf(stalled(), source());
		expect(stream).toBeInstanceOf(Readable);
		const bytes = await readCapped(stream, 1_000_000, 60_000);
		expect(bytes?.equals(Buffer.concat(parts))).toBe(true);
	});
});
