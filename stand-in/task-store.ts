import { extname } from 'node:path';
import { isPrivate, type Callbacks } from './callbacks';
import type { PriceList } from './catalogue';
import type { Clock } from './clock';
import { Refusal } from './answer';
import type { FileStore } from './file-store';
import { FILES_PATH } from './file-store';
import type { IdempotencyKeys } from './keys';
import type { Ledger } from './ledger';
import { MEDIA_PATH } from './media';
import type { Random } from './random';
import { crowding } from './room';
import { checkScript, directives, type Scripts } from './scripts';
import type { Defaults, InputRules, Spec } from './spec';
import { Task } from './task';
import type { Json, Modes, Room, StandInEvents, TaskScript } from './types';

export type Emit = <Name extends keyof StandInEvents>(name: Name, ...args: StandInEvents[Name]) => void;

/** Tasks from create to end: ids, idempotency, money, the callback at the end. */
export class TaskStore {
	constructor(
		readonly tasks: Map<string, Task>,
		private readonly parts: {
			clock: Clock;
			random: Random;
			scripts: Scripts;
			ledger: Ledger;
			callbacks: Callbacks;
			files: FileStore;
			facts: Spec['facts'];
			defaults: Defaults;
			baseUrl: () => string;
			emit: Emit;
			keys: IdempotencyKeys;
			prices: PriceList;
			modes: Modes;
		},
	) {}

	/** Creates and charges, or finds the task of an earlier request with the same key. `refusal`: to be answered although it was taken. */
	async create(
		request: Json,
		key: string | undefined,
		id = this.newId(),
		room: Room | undefined = directives(request).room ?? this.parts.modes.room,
	): Promise<{ task: Task; answer: Json; replayed: boolean; refusal?: Refusal }> {
		const { clock, ledger, scripts, callbacks, emit, facts, keys, random, baseUrl, defaults } = this.parts;
		const earlier = keys.taskOf(key, request);
		if (earlier) return { task: earlier, answer: earlier.accepted(), replayed: true };
		const credits = this.parts.prices.creditsOf(request);
		ledger.check(credits);
		const underWay = [...this.tasks.values()].filter(({ terminal }) => !terminal).length;
		const crowded = crowding(room, underWay, facts.room.fullMessage);
		if (crowded && !crowded.taken) throw crowded.refusal;

		const script = scripts.resolve(request, { idempotencyKey: key, index: this.tasks.size });
		const code = script.outcome === undefined ? this.inputFailure(request) : undefined;
		if (code) Object.assign(script, { outcome: 'failed', code });
		const task = new Task(id, request, key, script, {
			clock,
			mediaBase: baseUrl() + MEDIA_PATH,
			characterName: `chr_${random.text(8)}#`,
			defaultDuration: defaults.duration,
			taskFailures: facts.taskFailures,
			creditsPerUsd: facts.pricing.creditsPerUsd,
		});
		this.tasks.set(id, task);
		keys.noteTask(key, request, task);
		task.charge = ledger.charge(task, credits);
		emit('charge', task.charge);
		emit('create', task);
		const answer = task.accepted();

		if (callbacks.takeEarly(task)) await this.end(task);
		else if (task.seconds === 0 && !task.endless) void this.end(task);
		else if (!task.endless) task.cancelTimer = clock.after(task.seconds, () => void this.end(task));
		return { task, answer, replayed: false, refusal: crowded?.refusal };
	}

	/** As another user of the account would, whatever the room. */
	async order(request: Json, script: TaskScript): Promise<Task> {
		const remove = this.parts.scripts.add((one) => one === request, script);
		const { task } = await this.create(request, undefined, undefined, { tasks: Infinity });
		remove();
		return task;
	}

	/** @param ago API seconds since what is shown was true */
	read(id: string, ago = 0): Json {
		const task = this.tasks.get(id);
		if (!task?.existed(ago)) {
			const wrongForm = !id.startsWith(this.parts.facts.task.idPrefix);
			throw wrongForm ? new Refusal(400, { code: 'invalid_task_id', param: 'task_id' }) : new Refusal(404);
		}
		task.reads++;
		this.parts.emit('read', task);
		if (isExpired(task)) throw new Refusal(404);
		return task.detail(ago);
	}

	/** Those that a single read would find. */
	readMany(ids: string[], ago = 0): Json[] {
		return [...new Set(ids)].flatMap((id) => {
			const task = this.tasks.get(id);
			return task?.existed(ago) && !isExpired(task) ? [this.read(id, ago)] : [];
		});
	}

	/** Newest first. */
	list({ status, type = 'video', model }: Record<string, string | undefined>, ago = 0): Task[] {
		const { cancelled } = this.parts.facts.task.endStatuses;
		const standing = (task: Task) =>
			!task.ended(ago) ? 'processing' : cancelled.includes(task.statusOf()) ? 'cancelled' : task.statusOf();
		return [...this.tasks.values()]
			.filter((task) => task.existed(ago) && !isExpired(task) && type === 'video')
			.filter((task) => status === undefined || standing(task) === status)
			.filter((task) => model === undefined || task.model === model)
			.reverse();
	}

	finish(id: string, script: TaskScript): Task {
		checkScript(script);
		const task = this.tasks.get(id);
		if (!task) throw new Error(`No task ${id}`);
		if (task.terminal) throw new Error(`Task ${id} has ended already (${task.status})`);
		task.script = { ...task.script, ...script };
		if (task.endless) task.script.outcome = 'completed';
		void this.end(task);
		return task;
	}

	/** Settles once the receiver has answered the first callback attempt. */
	private async end(task: Task): Promise<void> {
		const { ledger, callbacks, emit } = this.parts;
		task.end();
		if (task.charge && task.status !== 'completed') ledger.refund(task.charge);
		emit('terminal', task);
		if (task.outcome !== 'expired') await callbacks.deliver(task).firstAttempt;
	}

	private newId(): string {
		return `${this.parts.facts.task.idPrefix}${Math.floor(Date.now() / 1000)}-${this.parts.random.text(8)}`;
	}

	/** The code that a task fails with because of its inputs: EvoLink checks them only when it renders. */
	private inputFailure({ image_urls: images, video_url: video }: Json): string | undefined {
		const { imageInput, characterVideo } = this.parts.facts;
		const pictures = (Array.isArray(images) ? images : []) as string[];
		if (pictures.some((link) => !this.isUsable(link, imageInput))) return 'image_processing_error';
		// The only documented code about a video's format.
		if (typeof video === 'string' && !this.isUsable(video, characterVideo)) return 'invalid_parameters';
		return undefined;
	}

	/** Nothing is fetched: an upload is known; anything else is judged by its host and its extension, if it has one. */
	private isUsable(link: string, rules: InputRules): boolean {
		const { baseUrl, facts, files } = this.parts;
		if (!URL.canParse(link)) return false;
		const url = new URL(link);
		if (url.origin === baseUrl() && url.pathname.startsWith(`${FILES_PATH}/`)) {
			return rules.mimeTypes.includes(files.find(url.pathname)?.mimeType ?? '');
		}
		const extension = extname(url.pathname).toLowerCase();
		if (extension && !rules.extensions.includes(extension)) return false;
		return url.origin === baseUrl() || !isPrivate(url, facts.callback);
	}
}

/** EvoLink forgets such a task. */
function isExpired({ terminal, outcome }: Task): boolean {
	return terminal && outcome === 'expired';
}
