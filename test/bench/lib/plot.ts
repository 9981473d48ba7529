/** How a cost grows: all points of all candidates; the line goes through the medians. */
export interface Curve {
	/** File name of the chart. */
	name: string;
	title: string;
	/** Axis titles, with units. */
	x: string;
	y: string;
	points: Array<{ candidate: string; x: number; y: number }>;
	/** Default: linear. */
	logX?: boolean;
}

interface Vega {
	parse(spec: unknown): unknown;
	View: new (runtime: unknown, options: { renderer: 'none' }) => { toSVG(): Promise<string> };
}

interface VegaLite {
	compile(spec: unknown): { spec: unknown };
}

/** An SVG, drawn without a browser. The libraries are in test/bench/node_modules (`npm run bench` installs them). */
export async function drawCurve({ title, x, y, points, logX }: Curve): Promise<string> {
	// found at run time only: the type check of the repository knows nothing of test/bench/node_modules
	const [vegaName, liteName] = ['vega', 'vega-lite'];
	const [vega, lite] = (await Promise.all([import(vegaName), import(liteName)])) as [Vega, VegaLite];
	const scale = logX ? { type: 'log', base: 2, nice: false } : {};
	const xAxis = { field: 'x', type: 'quantitative', title: x, scale, axis: { labelOverlap: true } };
	const color = {
		field: 'candidate',
		type: 'nominal',
		title: null,
		sort: null,
		legend: { orient: 'bottom', columns: 1, labelLimit: 0 },
	};
	const { spec } = lite.compile({
		title,
		width: 560,
		height: 300,
		background: 'white',
		data: { values: points },
		encoding: { x: xAxis, color },
		layer: [
			{ mark: 'line', encoding: { y: { field: 'y', aggregate: 'median', type: 'quantitative', title: y } } },
			{ mark: { type: 'point', size: 25 }, encoding: { y: { field: 'y', type: 'quantitative', title: y } } },
		],
	});
	return await new vega.View(vega.parse(spec), { renderer: 'none' }).toSVG();
}
