import type { Progress } from '../../contracts/jobs.ts';
import { formatBytes, formatCount, formatDuration, formatQuantity, formatRate } from './format.ts';
import { printable, shorten, textWidth } from './printable.ts';

export interface ProgressView {
  readonly title: string;
  readonly progress: Progress;
  readonly elapsedMs: number;
  readonly bytesPerSecond?: number | undefined;
}

const barWidth = 20;
/** A path that is cut shorter than this says nothing. */
const minimumPathWidth = 16;
const phaseWidth = 'preflight'.length;

/**
 * One line of at most `width` cells: what is done, how far, how fast, how long still. Parts that have no
 * room are left out, the least important first.
 */
export function renderProgressLine(view: ProgressView, width: number): string {
  const { title, progress, elapsedMs } = view;
  const share = doneShare(progress);
  const remainingMs = estimateRemainingMs(view);
  const parts = [
    `${printable(title)}  ${progress.phase.padEnd(phaseWidth)}`,
    ...(share === undefined
      ? []
      : [
          `${bar(share)} ${Math.floor(share * 100)
            .toString()
            .padStart(3)}%`,
        ]),
    ...amounts(progress),
    ...(view.bytesPerSecond === undefined || progress.bytesDone === 0
      ? []
      : [formatRate(view.bytesPerSecond)]),
    remainingMs === undefined ? formatDuration(elapsedMs) : `${formatDuration(remainingMs)} left`,
  ];
  let line = '';
  for (const part of parts) {
    const longer = line === '' ? part : `${line}  ${part}`;
    if (textWidth(longer) > width) return line === '' ? shorten(part, width) : line;
    line = longer;
  }
  const room = width - textWidth(line) - 2;
  if (progress.current === undefined || room < minimumPathWidth) return line;
  return `${line}  ${shorten(printable(progress.current), room)}`;
}

/** Milliseconds to the end at the present rate, where the total is known. */
export function estimateRemainingMs({ progress, bytesPerSecond }: ProgressView): number | undefined {
  if (progress.totalBytes === undefined || !bytesPerSecond) return undefined;
  const remainingBytes = progress.totalBytes - progress.bytesDone;
  // The total is an estimate: a source may have grown beyond it.
  return remainingBytes > 0 ? (remainingBytes * 1000) / bytesPerSecond : undefined;
}

function doneShare({ bytesDone, totalBytes }: Progress): number | undefined {
  if (!totalBytes) return undefined;
  return Math.min(1, bytesDone / totalBytes);
}

function amounts({ phase, bytesDone, totalBytes, filesDone, totalFiles }: Progress): string[] {
  const parts: string[] = [];
  if (totalBytes) parts.push(`${formatBytes(bytesDone)} of ${formatBytes(totalBytes)}`);
  else if (bytesDone > 0) parts.push(formatBytes(bytesDone));
  // A check counts packs and snapshots; `current` tells of them.
  if (phase === 'check') return parts;
  if (totalFiles) parts.push(`${formatCount(filesDone)} of ${formatQuantity(totalFiles, 'file')}`);
  else if (filesDone > 0) parts.push(formatQuantity(filesDone, 'file'));
  return parts;
}

function bar(share: number): string {
  const filled = Math.round(share * barWidth);
  return `${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)}`;
}
