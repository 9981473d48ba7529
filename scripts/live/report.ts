import type { Line, Live } from './run';

const cell = (text: string) => text.replaceAll('|', '\\|').replace(/\s+/g, ' ');

/** What was found, as Markdown. */
export function reportOf(live: Live, version: string, at: Date): string {
	const { lines, requests, seconds, spent, ordered, withheld } = live;
	const other = lines.filter(({ differences }) => differences.length > 0);
	return [
		'# EvoLink and the stand-in',
		'',
		`${at.toISOString().slice(0, 16).replace('T', ' ')} UTC, version ${version}: ${lines.length} probes, ${requests} requests to EvoLink in ${seconds} s, ${spent} credits spent.`,
		other.length === 0
			? 'All agree.'
			: `${other.length} of ${lines.length} differ. Each difference is told as \`EvoLink / stand-in\`.`,
		...(ordered.length > 0 ? ['', `Ordered: ${ordered.length} tasks.`] : []),
		...withheld.map((why) => `\nNo fixture of ${why}.`),
		'',
		'| assumption | probe | same? | EvoLink / stand-in |',
		'|---|---|---|---|',
		...lines.map(row),
		'',
	].join('\n');
}

function row({ assumption, probe, differences }: Line): string {
	const shown = differences.map((text) => `\`${cell(text)}\``).join('<br>');
	return `| ${cell(assumption)} | ${probe} | ${differences.length === 0 ? 'yes' : '**no**'} | ${shown} |`;
}
