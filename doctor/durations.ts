import type { Configuration } from '../configuration/load.ts';

interface Concern {
  readonly message: string;
  readonly mend: string;
}

/** Nobody keeps backups by so many months without years; minutes may have been meant. */
const manyMonths = 24;

/**
 * Durations that may have been meant otherwise: `m` is months where snapshots are kept, as with restic, and minutes
 * everywhere else.
 */
export function doubtfulDurations({ policies, repositories }: Configuration): readonly Concern[] {
  const retentions = [
    ['policies.retention', policies.retention],
    ...Object.entries(repositories).map(
      ([name, { retention }]) => [`repositories.${name}.retention`, retention] as const,
    ),
  ] as const;
  const delays = Object.entries(repositories).map(
    ([name, { prune }]) => [`repositories.${name}.prune.deleteDelay`, prune.deleteDelay] as const,
  );
  return [
    ...retentions
      .flatMap(([place, lists]) => textsIn(place, lists))
      .flatMap(([place, text]) => months(place, text)),
    ...delays.flatMap(([place, text]) => minutes(place, text)),
  ];
}

function months(place: string, text: string): readonly Concern[] {
  const count = /^(\d+)m$/.exec(text)?.[1];
  if (count === undefined || Number(count) < manyMonths) return [];
  return [
    {
      message: `${place} is ${text}, which is ${count} months, not minutes.`,
      mend: 'If that is meant, write it in years and months, such as 2y6m.',
    },
  ];
}

function minutes(place: string, text: string): readonly Concern[] {
  const count = /^(\d+)m$/.exec(text)?.[1];
  if (count === undefined || count === '0') return [];
  return [
    {
      message: `${place} is ${text}, which is ${count} minutes, not months.`,
      mend: 'If minutes are meant, write them in seconds; else in days, such as 90d.',
    },
  ];
}

/** Texts in nested lists, with the place of each. */
function textsIn(place: string, value: unknown): readonly (readonly [string, string])[] {
  if (typeof value === 'string') return [[place, value]];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => textsIn(`${place}.${name}`, inner));
}
