/** The value below which the share `q` (0 to 1) of the values lies; the nearest measured value, nothing interpolated. */
export function quantile(values: readonly number[], q: number): number {
	if (values.length === 0) throw new Error('nothing was measured');
	const sorted = values.toSorted((one, other) => one - other);
	return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))];
}

/** The middle value; the mean of the two middle ones where there are two. */
export function median(values: readonly number[]): number {
	const sorted = values.toSorted((one, other) => one - other);
	return (quantile(sorted, 0.5) + sorted[Math.floor(sorted.length / 2)]) / 2;
}

/** Round by round: `over[i] / under[i]`. */
export function ratios(over: readonly number[], under: readonly number[]): number[] {
	if (over.length !== under.length) throw new Error(`${over.length} rounds against ${under.length}`);
	return over.map((value, round) => value / under[round]);
}

/** Three significant digits, without an exponent. */
export function show(value: number): string {
	if (!Number.isFinite(value)) return String(value);
	if (Math.abs(value) >= 100) return String(Math.round(value));
	return String(Number(value.toPrecision(3)));
}

/** `median (min to max)` */
export function spread(values: readonly number[]): string {
	return `${show(median(values))} (${show(Math.min(...values))} to ${show(Math.max(...values))})`;
}

/** The goal that a value is at most so much. */
export const atMost = (text: string, value: number, most: number, unit: string) => ({
	text,
	measured: `${show(value)} ${unit}`,
	met: value <= most,
});
