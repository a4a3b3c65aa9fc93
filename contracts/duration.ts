/** Durations as people write them: `30s`, `15m`, `6h`, `1h30m`, `7d`, `2w`. Units: ms, s, m, h, d, w. */

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

export const durationPattern = /^(?:\d+(?:ms|w|d|h|m|s))+$/;

/** Milliseconds of a duration, or undefined when the text is none. */
export function parseDuration(text: string): number | undefined {
  if (!durationPattern.test(text)) return undefined;
  let totalMs = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|w|d|h|m|s)/g)) {
    totalMs += Number(count) * unitMs[unit as keyof typeof unitMs];
  }
  return Number.isSafeInteger(totalMs) ? totalMs : undefined;
}

/** The shortest exact text of a duration: `5400000` becomes `1h30m`, 0 becomes `0s`. */
export function formatDuration(durationMs: number): string {
  let restMs = Math.max(0, Math.round(durationMs));
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const count = Math.floor(restMs / unitMs[unit]);
    if (count > 0) text += `${count}${unit}`;
    restMs -= count * unitMs[unit];
  }
  return text === '' ? '0s' : text;
}
