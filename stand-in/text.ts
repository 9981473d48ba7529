/** Percent-decoded; malformed text stays as it is, because a URL may come from anybody. */
export function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/** The path; a malformed one as its own literal text, because the router cannot parse it. */
export function decodable(path: string): string {
	try {
		decodeURIComponent(path);
		return path;
	} catch {
		return path.replaceAll('%', '%25');
	}
}

/** Lower case, without parameters; empty if there is none. */
export function mediaType(header: string | undefined): string {
	return (header ?? '').split(';')[0].trim().toLowerCase();
}
