import type { RestoreCheck } from '../contracts/jobs.ts';

/** Checks of equal tables that are told one by one; the history of a workflow has no room for thousands. */
export const listedChecks = 100;

/** All failed checks of tables up to a hundred, and so many passed ones; the others are counted. */
export function shortenedChecks(checks: readonly RestoreCheck[]): readonly RestoreCheck[] {
  return [
    ...firstOf(
      checks.filter(({ passed }) => !passed),
      false,
    ),
    ...firstOf(
      checks.filter(({ passed }) => passed),
      true,
    ),
  ];
}

function firstOf(checks: readonly RestoreCheck[], passed: boolean): readonly RestoreCheck[] {
  const rest = checks.length - listedChecks;
  if (rest <= 0) return checks;
  const detail = passed ? 'rows and content equal' : 'they differ too';
  return [...checks.slice(0, listedChecks), { subject: `${rest} further tables`, passed, detail }];
}

/** Compares numbers of objects of each kind. */
export function compareCounts(
  expected: Readonly<Record<string, number>>,
  found: Readonly<Record<string, number>>,
): readonly RestoreCheck[] {
  const kinds = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
  const wrong = kinds.filter((kind) => (expected[kind] ?? 0) !== (found[kind] ?? 0));
  if (wrong.length === 0) {
    const detail = kinds.map((kind) => `${expected[kind]} ${kind}`).join(', ');
    return [{ subject: 'objects', passed: true, detail: detail === '' ? 'none' : detail }];
  }
  return wrong.map((kind) => ({
    subject: kind,
    passed: false,
    detail: `${found[kind] ?? 0} instead of ${expected[kind] ?? 0}`,
  }));
}
