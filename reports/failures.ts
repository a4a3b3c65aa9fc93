import type { Run } from '../catalog/run-records.ts';

/** Runs of one subject that failed in the same way. */
export interface FailureGroup {
  readonly subject: string;
  readonly type: string;
  readonly runs: number;
  readonly lastAt: string;
  /** Of the last of them. */
  readonly message: string;
  readonly advice?: string;
}

/** The most frequent first. */
export function failureGroups(runs: readonly Run[]): readonly FailureGroup[] {
  const failed = runs
    .filter(({ status }) => status === 'failed')
    .toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  const groups = Map.groupBy(failed, ({ subject, failure }) => JSON.stringify([subject, failure?.type]));
  return [...groups.values()]
    .flatMap((own) => {
      const last = own.at(-1);
      return last ? [groupOf(last, own.length)] : [];
    })
    .sort((a, b) => b.runs - a.runs || (a.subject < b.subject ? -1 : 1));
}

function groupOf({ subject, startedAt, failure }: Run, runs: number): FailureGroup {
  return {
    subject,
    type: failure?.type ?? 'unknown',
    runs,
    lastAt: startedAt,
    message: failure?.message ?? 'No reason was recorded.',
    ...(failure?.advice === undefined ? {} : { advice: failure.advice }),
  };
}
