export function causeOf(output: string): string | undefined;
export function countPackages(modules: string): number;
export function runLong(what: {
	command: string;
	args: string[];
	log: string;
	options?: object;
	progress?: () => string;
	say?: (line: string) => void;
}): Promise<void>;
