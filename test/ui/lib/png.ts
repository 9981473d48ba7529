import { execFileSync } from 'node:child_process';

/** The same picture with a palette, a third of the size: screens have few colours, and Chromium compresses for speed. */
export function smaller(png: Buffer): Buffer {
	return execFileSync('pngquant', ['--speed', '1', '256', '-'], { input: png, maxBuffer: 64 * 1024 * 1024 });
}
