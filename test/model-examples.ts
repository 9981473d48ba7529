import type { IDataObject } from 'n8n-workflow';

import type { ModelField, ModelFields } from '../nodes/evolink/modelEntries';

const FILES: Record<string, string> = { video: 'clip.mp4', audio: 'voice.mp3' };

/** What a careful reader of an entry would send for a field: its own default, else the smallest that it allows. */
function exampleOf(name: string, field: ModelField): unknown {
	const { type, enum: choices, default: usual, min, minItems = 1 } = field;
	if (usual !== undefined) return usual;
	if (choices) return choices[0];
	const file = FILES[name.split('_')[0]] ?? 'first.png';
	const text = field.format === 'uri' ? `https://example.com/${file}` : '1';
	const values = {
		string: name === 'prompt' ? 'a cat' : text,
		integer: min ?? 5,
		number: min ?? 5,
		boolean: true,
		object: field.fields ? examplesOf(field.fields) : { a: 'b' },
		'string[]': Array.from({ length: minItems }, () => text),
		'object[]': Array.from({ length: minItems }, () => examplesOf(field.itemFields ?? {})),
	};
	return values[type];
}

function examplesOf(fields: ModelFields): IDataObject {
	const entries = Object.entries(fields);
	return Object.fromEntries(entries.map(([name, field]) => [name, exampleOf(name, field)])) as IDataObject;
}

/** An example request of a model, without `model`: every field that its entry names, or only those that it needs. */
export function exampleRequest(fields: ModelFields, which: 'all' | 'required'): IDataObject {
	const entries = Object.entries(fields).filter(([, { required }]) => which === 'all' || required);
	return examplesOf(Object.fromEntries(entries));
}
