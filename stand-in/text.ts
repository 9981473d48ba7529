/** Percent-decoded; text that is not well-formed stays as it is, because anybody may write an address. */
export function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/** The path itself; one that is not well-formed as its own literal text, for a router that would choke on it. */
export function decodable(path: string): string {
	try {
		decodeURIComponent(path);
		return path;
	} catch {
		return path.replaceAll('%', '%25');
	}
}

/** Lower case, without parameters; empty where there is none. */
export function mediaType(header: string | undefined): string {
	return (header ?? '').split(';')[0].trim().toLowerCase();
}
