const all: Array<Recent<unknown>> = [];

/** What a process remembers from one execution to the next: so many entries, the one set longest ago is forgotten first. */
export class Recent<Value> extends Map<string, Value> {
	constructor(private readonly most: number) {
		super();
		all.push(this);
	}

	override set(key: string, value: Value): this {
		this.delete(key);
		super.set(key, value);
		const [oldest] = this.keys();
		if (this.size > this.most) this.delete(oldest);
		return this;
	}
}

/** For tests. */
export function forgetEverything(): void {
	for (const memory of all) memory.clear();
}
