import type { Idempotency } from '../../stand-in';
import { FAULTS } from './fault-list';
import type { Fault, Place, When } from './fault-kinds';

export const OPERATIONS = [
	'generate',
	'generate from a file',
	'character',
	'character from a file',
	'getTask',
	'getCredits',
] as const;
export const WAITS = ['none', 'poll', 'suspend, timer', 'suspend, callback'] as const;
export const ON_ERROR = ['stopWorkflow', 'continueRegularOutput', 'continueErrorOutput'] as const;
const WHENS: readonly When[] = ['once', 'later', 'stays'];
const IDEMPOTENCY: readonly Idempotency[] = ['honoured', 'ignored'];
/** Tasks that the account has room for: of three items, the third waits for a turn. */
const ROOMS = [undefined, 2] as const;

export interface Cell {
	fault: Fault;
	when: When;
	operation: (typeof OPERATIONS)[number];
	wait: (typeof WAITS)[number];
	onError: (typeof ON_ERROR)[number];
	retryOnFail: boolean;
	idempotency: Idempotency;
	room: (typeof ROOMS)[number];
}

const waits = ({ wait }: Cell) => wait !== 'none';
const isSister = ({ operation }: Cell) => operation.endsWith('from a file');

/** Whether an operation comes to the place of a fault at all. */
function reaches(cell: Cell): boolean {
	const { operation, fault } = cell;
	const reached: Record<Place, boolean> = {
		create: operation !== 'getTask' && operation !== 'getCredits',
		read: operation === 'getTask' || (operation !== 'getCredits' && waits(cell)),
		upload: isSister(cell),
		media: operation !== 'getCredits' && waits(cell),
		callback: cell.wait === 'suspend, callback',
		task: operation === 'getTask' || (operation !== 'getCredits' && waits(cell)),
		credits: operation === 'getCredits',
	};
	return reached[fault.place];
}

interface Rule {
	/** What is left out, and why it would show nothing new. */
	says: string;
	drops(cell: Cell): boolean;
}

/** In this order; each cell counts for the first rule that drops it. */
export const RULES: readonly Rule[] = [
	{ says: 'the operation never comes to the place of the fault', drops: (cell) => !reaches(cell) },
	{
		says: 'only Generate Video is given a callback URL; Get Credits has no wait',
		drops: ({ operation, wait }) =>
			(wait === 'suspend, callback' && !operation.startsWith('generate')) ||
			(wait !== 'none' && operation === 'getCredits'),
	},
	{
		says: 'with an input file, only the upload differs from the same operation without one',
		drops: (cell) => isSister(cell) && cell.fault.place !== 'upload',
	},
	{
		says: '"later" needs a call that is made again for the same item: reads',
		drops: ({ when, fault }) => when === 'later' && fault.place !== 'read',
	},
	{
		says: 'an order whose id no client can read is answered with the same id when it is sent again',
		drops: ({ idempotency, fault }) => idempotency === 'honoured' && fault.name.includes('an id with spaces'),
	},
	{
		says: 'no two tasks have one id: an odd id is given to one task only',
		drops: ({ when, fault }) => when === 'stays' && fault.name.includes('an id with'),
	},
	{
		says: 'the key matters where an order may be sent twice: create. Elsewhere only "ignored", which forgives nothing',
		drops: ({ fault, idempotency }) => fault.place !== 'create' && idempotency === 'honoured',
	},
	{
		says: 'Create Character orders and waits with the code of Generate Video: its orders are tried as the worst case (Poll, once, Retry On Fail, key ignored), its file with Poll; its reads are the same',
		drops: ({ operation, wait, fault, when, retryOnFail, idempotency }) =>
			operation === 'character' &&
			(wait !== 'poll' ||
				['read', 'task'].includes(fault.place) ||
				(fault.place === 'create' && (when !== 'once' || !retryOnFail || idempotency === 'honoured'))),
	},
	{
		says: 'Get Task differs in its first look: not in a later one, nor in how a parked run downloads',
		drops: ({ operation, wait, fault, when }) =>
			operation === 'getTask' && (when === 'later' || (fault.place === 'media' && wait !== 'poll')),
	},
	{
		says: 'uploads are over before anything waits: Poll only',
		drops: ({ fault, wait }) => fault.place === 'upload' && wait !== 'poll',
	},
	{
		says: 'a create is over before anything waits: on other waits than Poll as the worst case (once, Retry On Fail, key ignored)',
		drops: ({ fault, wait, when, retryOnFail, idempotency }) =>
			fault.place === 'create' &&
			wait !== 'poll' &&
			(when !== 'once' || !retryOnFail || idempotency === 'honoured'),
	},
	{
		says: 'what stays is met again by every try: Retry On Fail on, where the order itself is not at stake',
		drops: ({ fault, when, retryOnFail }) => when === 'stays' && !retryOnFail && fault.place !== 'create',
	},
	{
		says: 'an account with room for two changes what is ordered when: Generate Video, as the worst case (once, Retry On Fail, key ignored), and no long faults',
		drops: ({ room, operation, fault, when, retryOnFail, idempotency }) =>
			room !== undefined &&
			(!operation.startsWith('generate') ||
				(fault.seconds ?? 0) > 10 ||
				when !== 'once' ||
				!retryOnFail ||
				idempotency === 'honoured'),
	},
	{
		says: 'faults of half a minute: one operation, Poll',
		drops: ({ fault, operation, wait }) =>
			(fault.seconds ?? 0) > 10 && (operation !== 'generate' || wait !== 'poll'),
	},
];

export interface Matrix {
	cells: Cell[];
	/** How many combinations there are, and how many each rule of `RULES` leaves out. */
	combinations: number;
	dropped: number[];
}

function* combinations(): Generator<Cell> {
	for (const fault of FAULTS)
		for (const operation of OPERATIONS)
			for (const wait of WAITS)
				for (const when of WHENS)
					for (const onError of ON_ERROR)
						for (const retryOnFail of [false, true])
							for (const idempotency of IDEMPOTENCY)
								for (const room of ROOMS)
									yield { fault, operation, wait, when, onError, retryOnFail, idempotency, room };
}

/** Every combination that can show something of its own. */
export function fullMatrix(): Matrix {
	const matrix: Matrix = { cells: [], combinations: 0, dropped: RULES.map(() => 0) };
	for (const cell of combinations()) {
		matrix.combinations += 1;
		const rule = RULES.findIndex(({ drops }) => drops(cell));
		if (rule < 0) matrix.cells.push(cell);
		else matrix.dropped[rule] += 1;
	}
	return matrix;
}

/**
 * A small part for every day: each fault that does not take half a minute, in as many cells as `each`, which differ in all
 * the other respects from fault to fault. An order meets its fault where a second one would be charged: Retry On Fail, key ignored.
 */
export function quickMatrix(each: number): Cell[] {
	const { cells } = fullMatrix();
	return FAULTS.filter(({ seconds = 0 }) => seconds < 10).flatMap((fault, at) => {
		const own = cells.filter(
			(cell) =>
				cell.fault === fault &&
				(fault.place !== 'create' || (cell.retryOnFail && cell.idempotency === 'ignored')),
		);
		// a stride that shares no factor with the number of values of any axis
		return Array.from({ length: each }, (_, nth) => own[((at * each + nth) * 35 + nth * 11) % own.length]);
	});
}

export function nameOf(cell: Cell): string {
	const { fault, when, operation, wait, onError, retryOnFail, idempotency, room } = cell;
	const retry = retryOnFail ? 'Retry On Fail' : 'no Retry On Fail';
	return `${fault.place}: ${fault.name} (${when}) | ${operation}, ${wait}, ${onError}, ${retry}, key ${idempotency}${room === undefined ? '' : `, room for ${room}`}`;
}
