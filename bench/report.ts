import { type Measurement, median } from './measure.ts';

export interface ContenderResult {
  readonly runs: readonly Measurement[];
  readonly repositoryBytes: number;
}

export interface CaseResult {
  readonly id: string;
  readonly title: string;
  readonly target: number;
  readonly ours: ContenderResult;
  readonly theirs: ContenderResult;
}

/** A Markdown table: medians, and the ratio of ours to restic's, run by run. */
export function table(results: readonly CaseResult[]): string {
  const head = [
    '| case | work | wall, ours ÷ restic (median; least–most) | aim | CPU ratio | peak MiB, ours / restic | repository size ratio |',
    '|---|---|---|---|---|---|---|',
  ];
  const rows = results.map((result) => {
    const ratios = wallRatios(result);
    const wall = `**${median(ratios).toFixed(2)}** (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`;
    const cpu = ratio(result, ({ cpuSeconds }) => cpuSeconds).toFixed(2);
    const peaks = [result.ours, result.theirs].map(({ runs }) =>
      Math.max(...runs.map((run) => run.peakMebibytes)).toFixed(0),
    );
    const size = (result.ours.repositoryBytes / result.theirs.repositoryBytes).toFixed(3);
    return `| ${result.id} | ${result.title} | ${wall} | ≤ ${result.target} | ${cpu} | ${peaks.join(' / ')} | ${size} |`;
  });
  return [...head, ...rows].join('\n');
}

/** Bars of the wall ratios, with the aim as a line and restic at 1, as an SVG picture. */
export function plot(results: readonly CaseResult[]): string {
  const rowHeight = 34;
  const left = 110;
  const unit = 420;
  const height = results.length * rowHeight + 50;
  const x = (value: number) => (left + Math.min(value, 1.4) * unit).toFixed(1);
  const rows = results.map((result, index) => {
    const y = 30 + index * rowHeight;
    const value = median(wallRatios(result));
    const colour = value <= result.target ? '#2f7d4f' : value <= 1 ? '#b8860b' : '#b03a2e';
    return [
      `<text x="${left - 10}" y="${y + 15}" text-anchor="end">${result.id}</text>`,
      `<rect x="${left}" y="${y}" width="${Math.min(value, 1.4) * unit}" height="20" fill="${colour}"/>`,
      `<text x="${Number(x(value)) + 6}" y="${y + 15}">${value.toFixed(2)}</text>`,
      `<line x1="${x(result.target)}" x2="${x(result.target)}" y1="${y - 3}" y2="${y + 23}" stroke="#222" stroke-dasharray="3 2"/>`,
    ].join('');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="760" height="${height}" font-family="sans-serif" font-size="13">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="${left}" y="18">wall time, Resguardo ÷ restic (1 = restic; dashed: aim)</text>`,
    `<line x1="${x(1)}" x2="${x(1)}" y1="24" y2="${height - 20}" stroke="#888"/>`,
    ...rows,
    '</svg>\n',
  ].join('\n');
}

function wallRatios({ ours, theirs }: CaseResult): number[] {
  return ours.runs.map((run, index) => run.wallSeconds / (theirs.runs[index]?.wallSeconds ?? Number.NaN));
}

function ratio({ ours, theirs }: CaseResult, figure: (run: Measurement) => number): number {
  return median(ours.runs.map(figure)) / median(theirs.runs.map(figure));
}
