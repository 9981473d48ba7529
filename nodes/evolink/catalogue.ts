import type { IDataObject } from 'n8n-workflow';
import mapValues from 'lodash/mapValues';
import pickBy from 'lodash/pickBy';
import uniqBy from 'lodash/uniqBy';

import { evolinkFacts } from './generated/spec.gen';
import { fieldsOf } from './modelEntries';
import { MEASURABLE, priceByRules, type RulePrice } from './priceRules';
import { inMoney } from './prices';
import { tidy } from './redact';
import { isObject } from './json';

const { protocol, retired, available } = evolinkFacts.catalogue;

/** EvoLink has some 160 models of all kinds; a longer list is cut. */
const MOST_ENTRIES = 1000;

const MODEL_ID = /^[A-Za-z0-9][\w.:-]{0,99}$/;

/** A model in EvoLink's catalogue. Ids here and below are in lower case, as its own clients compare them. */
interface CatalogueModel {
	/** As EvoLink writes it. */
	id: string;
	label: string;
	/** The id and its aliases. */
	names: string[];
	isRetired: boolean;
	isVideo: boolean;
}

/** Each part is missing where EvoLink said nothing of use. */
export interface Catalogue {
	/** Ids that this key may call. */
	callable?: ReadonlySet<string>;
	models?: readonly CatalogueModel[];
	healthy?: ReadonlySet<string>;
	prices?: ReadonlyMap<string, DefaultPrice>;
}

/** What an order of nothing but required fields costs, and for how long a video. */
export type DefaultPrice = Pick<RulePrice, 'credits' | 'seconds'>;

/** `unserved`: why an order would be refused, as far as that is known. */
export interface ListedModel {
	id: string;
	label: string;
	price?: DefaultPrice;
	unserved?: string;
}

type CatalogueAnswers = Partial<Record<'models' | 'catalogue' | 'health' | 'prices', IDataObject>>;

/** Reads what it can; a part that is empty says nothing. Never throws. */
export function readCatalogue(answers: CatalogueAnswers): Catalogue {
	const callable = entriesOf(answers.models?.data).flatMap(({ id }) => modelId(id) ?? []);
	const models = entriesOf(answers.catalogue?.models).flatMap((entry) => modelOf(entry) ?? []);
	const health = entriesOf(answers.health?.models).flatMap((entry) => {
		const id = modelId(entry.model_id);
		return id === undefined ? [] : [{ id, isUp: entry.status === available }];
	});
	const prices = entriesOf(answers.prices?.models).flatMap((entry): Array<[string, DefaultPrice]> => {
		const id = modelId(entry.model_id);
		const price = id === undefined ? undefined : priceOf(entry, id);
		return id === undefined || price === undefined ? [] : [[id, price]];
	});
	return {
		callable: callable.length > 0 ? new Set(callable) : undefined,
		models: models.length > 0 ? models : undefined,
		healthy: health.length > 0 ? new Set(health.filter(({ isUp }) => isUp).map(({ id }) => id)) : undefined,
		prices: prices.length > 0 ? new Map(prices) : undefined,
	};
}

function entriesOf(list: unknown): IDataObject[] {
	return Array.isArray(list) ? list.slice(0, MOST_ENTRIES).filter(isObject) : [];
}

function modelId(given: unknown): string | undefined {
	return typeof given === 'string' && MODEL_ID.test(given) ? given.toLowerCase() : undefined;
}

const texts = (given: unknown): string[] =>
	Array.isArray(given) ? given.slice(0, 50).filter((each): each is string => typeof each === 'string') : [];

function modelOf(entry: IDataObject): CatalogueModel | undefined {
	const { model_id: id, display_name: title, lifecycle } = entry;
	if (modelId(id) === undefined) return undefined;
	const label = typeof title === 'string' ? tidy(title).slice(0, 100).trim() : '';
	return {
		id: String(id),
		label: label === '' ? String(id) : label,
		names: [id, ...texts(entry.aliases)].flatMap((name) => modelId(name) ?? []),
		isRetired: lifecycle === retired,
		isVideo: texts(entry.protocols).includes(protocol),
	};
}

function priceOf(rules: IDataObject, id: string): DefaultPrice | undefined {
	const fields = fieldsOf(id) ?? {};
	const body = pickBy(fields, ({ required }, name) => required && MEASURABLE.includes(name));
	const price = priceByRules(
		rules,
		mapValues(body, () => []),
		mapValues(fields, (field) => field.default),
	);
	return price && { credits: price.credits, seconds: price.seconds };
}

/** `38 credits, about 0.56 USD, for 4 s` */
export function priceInWords({ credits, seconds }: DefaultPrice): string {
	return `${inMoney(credits)}, ${seconds === undefined ? 'each' : `for ${seconds} s`}`;
}

/** The models to choose from, those that are served first. A shipped one always stays: the catalogue may be wrong. */
export function listModels(
	shipped: ReadonlyArray<{ id: string; label: string }>,
	catalogue: Catalogue,
	hidden: readonly string[],
): ListedModel[] {
	const known = new Set([...shipped.map(({ id }) => id), ...hidden].map((id) => id.toLowerCase()));
	const added = (catalogue.models ?? []).filter(
		({ isVideo, names }) => isVideo && !names.some((name) => known.has(name)),
	);
	const own = shipped.map(({ id, label }) => listed(id, label, catalogue));
	const other = added
		.map(({ id, label }) => listed(id, label, catalogue))
		.filter(({ unserved }) => !unserved);
	const all = uniqBy([...own, ...other], ({ id }) => id.toLowerCase());
	return [...all.filter(({ unserved }) => !unserved), ...all.filter(({ unserved }) => unserved)];
}

function listed(id: string, label: string, { callable, models, healthy, prices }: Catalogue): ListedModel {
	const name = id.toLowerCase();
	const entry = models?.find(({ names }) => names.includes(name));
	const names = entry?.names ?? [name];
	const isIn = (ids: ReadonlySet<string>) => names.some((each) => ids.has(each));
	const unserved = () => {
		if (models && !entry) return "not in EvoLink's catalogue";
		if (entry?.isRetired) return 'retired';
		if (callable && !isIn(callable)) return 'not for this API key';
		return healthy && !isIn(healthy) ? 'not served at present' : undefined;
	};
	const why = unserved();
	const price = names.map((each) => prices?.get(each)).find(Boolean);
	return { id, label, price, unserved: why };
}
