import type { RowResult } from './row.ts';

/** A Markdown table of what the rows have shown. */
export function table(results: readonly RowResult[]): string {
  const head = [
    '| row | fault, and what holds | cases | failed | true rate of failure is below, at 95 % | seconds | seed |',
    '|---|---|---|---|---|---|---|',
  ];
  const rows = results.map((result) => {
    const { id, title, cases, failures, seconds, seeds, isCutShort } = result;
    const short = isCutShort ? ' (time over)' : '';
    return `| ${id} | ${title} | ${cases}${short} | ${failures.length} | ${bound(result)} | ${seconds.toFixed(0)} | ${seeds.join(', ')} |`;
  });
  return [...head, ...rows].join('\n');
}

/** What each row did in detail: its kinds of cases, figures, and what this machine did not allow. */
export function details(results: readonly RowResult[]): string {
  return results
    .map(({ id, kinds, figures, skipped, failures }) =>
      [
        `### ${id}`,
        '',
        ...Object.entries(kinds).map(([kind, count]) => `- ${kind}: ${count}`),
        ...Object.entries(figures).map(([name, value]) => `- largest ${name}: ${rounded(value)}`),
        ...Object.entries(skipped).map(([kind, why]) => `- not on this machine: ${kind} (${why})`),
        ...failures.map(({ kind, number, message }) => `- **failed**: case ${number}, ${kind}: ${message}`),
      ].join('\n'),
    )
    .join('\n\n');
}

/** The rule of three: none of n failed says that fewer than 3 in n do, with 95 % confidence. */
function bound({ cases, failures }: RowResult): string {
  if (failures.length > 0 || cases < 3) return '–';
  return `${Number(((3 / cases) * 100).toPrecision(1))} %`;
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
