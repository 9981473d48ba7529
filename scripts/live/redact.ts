/** Puts stable marks in place of what belongs to the account that was asked. */
export class Redactor {
	private readonly marks = new Map<string, string>();
	private readonly counts = new Map<string, number>();

	constructor(private readonly apiKey: string) {}

	/** A JSON value as text that may be published. Throws a sentence if something in it still looks like a secret. */
	publish(value: unknown): string {
		const text = this.redact(JSON.stringify(value, amounts, '\t'));
		const found = this.secretIn(text);
		if (found) throw new Error(`its ${found} looks like a secret`);
		return text;
	}

	/** Text for the report. */
	redact(text: string): string {
		return text
			.replaceAll(this.apiKey, '<key>')
			.replace(/https?:\/\/[^\s"'\\<>|]+/g, (link) => this.linkMark(link))
			.replace(/task-unified-[\w-]+/g, (id) => this.mark('task', id))
			.replace(/\bfile_[\w-]{6,}/g, (id) => this.mark('file', id))
			.replace(/\breq_[\w-]+/g, (id) => this.mark('request', id))
			.replace(/\b[\w.+-]+@[\w-]+\.[\w.]+\b/g, (address) => this.mark('address', address))
			.replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, (ip) => this.mark('ip', ip))
			.replace(/\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/gi, (id) => this.mark('uuid', id))
			.replace(/\b[\da-f]{20,}\b/gi, (hash) => this.mark('hex', hash));
	}

	/** Which kind of secret a text seems to hold. */
	private secretIn(text: string): string | undefined {
		const parts = this.apiKey.match(/[^]{8}/g) ?? [];
		if (parts.some((part) => text.includes(part))) return 'part of the key';
		if (/\bBearer\s+[^<\s]|\bsk-\w/i.test(text)) return 'key of another';
		const runs = text.match(/[\w+/=-]{24,}/g) ?? [];
		// names and sentences have few digits, and times have them in groups
		const isRandom = (run: string) => (run.match(/\d/g) ?? []).length >= 4 && /[a-z]/i.test(run);
		return runs.some(isRandom) ? 'long run of random signs' : undefined;
	}

	private linkMark(link: string): string {
		const { protocol, host, pathname } = new URL(link);
		const [extension = ''] = /\.\w{2,4}$/.exec(pathname) ?? [];
		const shownHost = /^[\d.:]+$/.test(host) ? '<host>' : host;
		return `${protocol}//${shownHost}/${this.mark('link', link)}${extension}`;
	}

	private mark(kind: string, value: string): string {
		const known = this.marks.get(value);
		if (known) return known;
		const number = (this.counts.get(kind) ?? 0) + 1;
		this.counts.set(kind, number);
		const mark = `<${kind}-${number}>`;
		this.marks.set(value, mark);
		return mark;
	}
}

/** What the account has and has spent is nobody's business; that it is a number with decimals is. */
function amounts(name: string, value: unknown): unknown {
	const isAmount =
		/^(remaining|used|daily_used|daily_limit|total_limit|account_balance)_credits$|_limit_credits$/;
	if (!isAmount.test(name)) return value;
	return typeof value === 'number' ? (Number.isInteger(value) ? 1 : 0.5) : value === null ? null : '<amount>';
}
