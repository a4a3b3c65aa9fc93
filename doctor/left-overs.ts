import type { LeftOver } from '../restore/left-over.ts';
import { type Check, type CheckResult, failure, ok, warning } from './check.ts';
import type { DoctorContext } from './context.ts';

const check = 'left-overs';
const hourMs = 3_600_000;
/** A swap takes seconds, and waits at most minutes for transactions. */
const longestSwapMs = hourMs;
/** The sweep removes what is older; a restore of so many days would be told before. */
const longestRestoreMs = 24 * hourMs;
/** What a restore has replaced is kept for three days unless somebody wants more. */
const longestKeptMs = 8 * 24 * hourMs;

/** For each server of databases that a source of this host reads: what restores have left beside them. */
export function leftOverChecks({ configuration, findLeftOvers }: DoctorContext): readonly Check[] {
  const { sources, host: here } = configuration;
  return Object.entries(sources)
    .filter(([, { kind, host = here }]) => (kind === 'mysql' || kind === 'postgres') && host === here)
    .map(([subject]) => ({
      check,
      subject,
      async run(signal) {
        const found = await findLeftOvers(subject, signal);
        const told = found.flatMap((leftOver) => tell(subject, leftOver, Date.now()));
        if (told.length > 0) return told;
        const count = found.length === 1 ? 'One database' : `${found.length} databases`;
        const message =
          found.length === 0 ? 'Restores have left nothing.' : `${count} of restores, none old.`;
        return [ok(check, subject, message)];
      },
    }));
}

/** What is wrong with something that was left, as far as it is. */
export function tell(subject: string, leftOver: LeftOver, nowMs: number): readonly CheckResult[] {
  const { name, kind, since, swap } = leftOver;
  const ageMs = nowMs - since.getTime();
  const begun = since.toISOString().slice(0, 16).replace('T', ' ');
  if (swap !== undefined && ageMs > longestSwapMs) return [halfSwapped(subject, leftOver)];
  if (kind === 'restore' && ageMs > longestRestoreMs) {
    return [
      warning(check, subject, {
        message: `The database "${name}" was made by a restore that began at ${begun} UTC, and was never put in place.`,
        mend: 'If that restore has ended, drop it; the run `sweep` does so once it is eight days old.',
      }),
    ];
  }
  if (kind !== 'before' || ageMs <= longestKeptMs) return [];
  return [
    warning(check, subject, {
      message: `The database "${name}" is what a restore of ${begun} UTC has replaced, and is still kept.`,
      mend: 'If nobody needs it any more, drop it. A `rollback` that is still open ends it, too.',
    }),
  ];
}

function halfSwapped(subject: string, { name, swap }: LeftOver): CheckResult {
  const { place = '', hasMoved = false } = swap ?? {};
  const state = hasMoved
    ? `its tables are in place, and views, routines, triggers or events of "${place}" may be missing`
    : `"${place}" is still the one of before, but may lack triggers and events`;
  return failure(check, subject, {
    message: `A swap of "${name}" and "${place}" has begun and not ended: ${state}.`,
    mend: `Look whether its restore or roll-back still runs (\`resguardo status\`, Temporal's Web UI): its next attempt ends it. Otherwise the run \`sweep\` does, eight days after its beginning; start the restore again if that is too late.`,
  });
}
