interface Field {
	type: string;
	enum?: Array<string | number>;
	min?: number;
	max?: number;
	default?: string | number;
	format?: string;
	prose?: Partial<Field>;
}

interface Model {
	label: string;
	tasks: string[];
	fields: Record<string, Field>;
}

/** A model that the OpenAPI file describes. */
export interface DocumentedModel {
	id: string;
	label: string;
	durations: number[];
	/** Of the default order, in words, where the price list has it. */
	price?: string;
}

const TASKS: Readonly<Record<string, string>> = {
	'text-to-video': 'text',
	'image-to-video': 'image',
	'first-last-frame': 'first and last frame',
	'reference-to-video': 'reference',
};

function seconds({ duration }: Record<string, Field>): string {
	if (duration === undefined) return '–';
	const {
		enum: values = duration.prose?.enum,
		min = duration.prose?.min,
		max = duration.prose?.max,
	} = duration;
	if (values)
		return values.map((value) => (value === -1 || value === 'auto' ? 'as the input' : value)).join(', ');
	return min === undefined ? '–' : `${min}–${max}`;
}

function inputs(fields: Record<string, Field>): string {
	const names = Object.keys(fields).filter((name) => /^(image|video|audio|mask|ref_image)_/.test(name));
	const kinds = names
		.map((name) => /image|video|audio|mask/.exec(name)![0])
		.filter((kind) => kind !== 'mask');
	return (
		[...new Set(kinds)]
			.filter((kind) => kind !== 'video' || !names.every((name) => name === 'video_extension'))
			.join(', ') || '–'
	);
}

const hasSound = (fields: Record<string, Field>) => 'sound' in fields || 'generate_audio' in fields;

/**
 * docs/models.md: every model of the list, one line each.
 *
 * @param read the day on which EvoLink's table was read, and that of its price list
 */
export function modelsPage(
	documented: readonly DocumentedModel[],
	models: Readonly<Record<string, Model>>,
	read: { table: string; prices: string },
): string {
	const own = documented.map(({ id, label, durations, price = '?' }) => {
		return [label, `\`${id}\``, 'text, image', durations.join(', '), 'image', '?', price];
	});
	const others = Object.entries(models).map(([id, { label, tasks, fields = {} }]) => [
		label,
		`\`${id}\``,
		tasks.map((task) => TASKS[task] ?? task).join(', '),
		seconds(fields),
		inputs(fields),
		hasSound(fields) ? 'a switch' : '–',
		'?',
	]);
	const rows = [...own, ...others].map((cells) => `| ${cells.join(' | ')} |`);
	return `# Models

Made by \`npm run generate\` from EvoLink's manual and its own table of models as read on ${read.table}. What EvoLink serves today, and at what price, say
the list of the field *Model* and the operation *Get Many Models*; *Estimate Cost* prices an order. Any other model works by its ID.

*Makes it of*: what the video is made of. *Seconds*: its length. *Takes*: the files that an order may hold, as URLs or from binary fields. *Sound*: whether it can
be switched; models without a switch may have sound all the same. *Price*: of the default order, by the price list of ${read.prices}, where that has it.

| model | ID | makes it of | seconds | takes | sound | price |
|---|---|---|---|---|---|---|
${rows.join('\n')}
`;
}
