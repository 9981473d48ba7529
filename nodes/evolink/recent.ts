const all: Array<Recent<unknown>> = [];

/**
 * What a process remembers from one execution to the next: a map of so many entries, of which the one set longest ago is forgotten
 * first. Made once for each purpose, where a module begins.
 */
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

/** Leaves the process as if it had just begun. For tests. */
export function forgetEverything(): void {
	for (const memory of all) memory.clear();
}
