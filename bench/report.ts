import { type Measurement, median } from './measure.ts';

export interface ContenderResult {
  readonly runs: readonly Measurement[];
  readonly repositoryBytes: number;
  /** By the measured run. */
  readonly addedBytes: number;
}

export interface CaseResult {
  readonly id: string;
  readonly title: string;
  readonly target: number;
  readonly figure: 'wall' | 'added bytes';
  /** By name; ours is `resguardo`, and `restic` is always among them. */
  readonly contenders: Readonly<Record<string, ContenderResult>>;
}

/** A Markdown table: medians, and the ratio of ours to the others', run by run. */
export function table(results: readonly CaseResult[]): string {
  const others = [...new Set(results.flatMap(({ contenders }) => Object.keys(contenders)))].filter(
    (name) => name !== 'resguardo' && name !== 'restic',
  );
  const further = others.map((name) => ` wall, ours ÷ ${name} |`).join('');
  const head = [
    `| case | work | wall, ours ÷ restic (median; least–most) | aim |${further} CPU ÷ restic | peak MiB, ours / restic | repository size ÷ restic | bytes added ÷ restic |`,
    `|${'---|'.repeat(8 + others.length)}`,
  ];
  return [...head, ...results.map((result) => row(result, others))].join('\n');
}

function row(result: CaseResult, others: readonly string[]): string {
  const ratios = wallRatios(result, 'restic');
  const wall = `**${median(ratios).toFixed(2)}** (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`;
  const further = others.map((name) => {
    const ratio = median(wallRatios(result, name));
    return Number.isNaN(ratio) ? '–' : ratio.toFixed(2);
  });
  const [ours, restic] = [resultOf(result, 'resguardo'), resultOf(result, 'restic')];
  const cpu = [ours, restic].map(({ runs }) => median(runs.map(({ cpuSeconds }) => cpuSeconds)));
  const peaks = [ours, restic].map(({ runs }) =>
    Math.max(...runs.map((run) => run.peakMebibytes)).toFixed(0),
  );
  const aim = result.figure === 'wall' ? `≤ ${result.target}` : `bytes ≤ ${result.target}`;
  const cells = [
    result.id,
    result.title,
    wall,
    aim,
    ...further,
    ratioText(cpu[0], cpu[1]),
    peaks.join(' / '),
    ratioText(ours.repositoryBytes, restic.repositoryBytes),
    ratioText(ours.addedBytes, restic.addedBytes),
  ];
  return `| ${cells.join(' | ')} |`;
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
    const value = headline(result);
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
    `<text x="${left}" y="18">wall time (P7: bytes added), Resguardo ÷ restic (1 = restic; dashed: aim)</text>`,
    `<line x1="${x(1)}" x2="${x(1)}" y1="24" y2="${height - 20}" stroke="#888"/>`,
    ...rows,
    '</svg>\n',
  ].join('\n');
}

/** The figure that the target is about. */
function headline(result: CaseResult): number {
  if (result.figure === 'wall') return median(wallRatios(result, 'restic'));
  return resultOf(result, 'resguardo').addedBytes / resultOf(result, 'restic').addedBytes;
}

function resultOf({ id, contenders }: CaseResult, name: string): ContenderResult {
  const found = contenders[name];
  if (!found) throw new Error(`${name} has no runs of ${id}`);
  return found;
}

/** Empty when the other has no runs. */
function wallRatios(result: CaseResult, other: string): number[] {
  const theirs = result.contenders[other]?.runs ?? [];
  const ours = resultOf(result, 'resguardo').runs;
  return theirs.map((run, index) => (ours[index]?.wallSeconds ?? Number.NaN) / run.wallSeconds);
}

/** Of a check nothing is added: it has no ratio. */
function ratioText(ours = Number.NaN, theirs = Number.NaN): string {
  return theirs > 0 ? (ours / theirs).toFixed(3) : '–';
}
