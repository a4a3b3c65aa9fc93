import { createHash } from 'node:crypto';

/** What the names of a restore are made of. */
export interface NamedRun {
  /** Workflow run id. */
  readonly runId: string;
  /** When it began; ISO, UTC. */
  readonly startedAt: string;
}

/** Names that one run uses beside a target. */
export interface BesideNames {
  /** Of what is being restored. */
  readonly beside: string;
  /** Of what was replaced. */
  readonly replaced: string;
}

/**
 * `<target>__restore_<time>_<digest>` and `<target>__before_<time>_<digest>`: the same at every attempt of a
 * run, and of no other run. A target that is too long for the server is cut.
 */
export function besideNames(
  target: string,
  { runId, startedAt }: NamedRun,
  longestBytes: number,
): BesideNames {
  const time = startedAt.slice(0, 19).replaceAll(/[^0-9]/g, '');
  const digest = createHash('sha256').update(`${runId}\0${target}`).digest('hex').slice(0, 6);
  const named = (kind: string): string => {
    const ending = `__${kind}_${time}_${digest}`;
    return `${cut(target, longestBytes - ending.length)}${ending}`;
  };
  return { beside: named('restore'), replaced: named('before') };
}

/** When the restore began that made or replaced what bears this name; undefined for a name that is no such one. */
export function besideTime(name: string, kind: 'restore' | 'before' = 'restore'): Date | undefined {
  const match = /__(?:restore|before)_(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)_[0-9a-f]{6}$/.exec(name);
  if (match === null || !match[0].startsWith(`__${kind}_`)) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** Whether a restore has made or replaced what bears this name. */
export function isBeside(name: string): boolean {
  return besideTime(name, 'restore') !== undefined || besideTime(name, 'before') !== undefined;
}

/** The beginning of a text that takes at most so many bytes of UTF-8. */
function cut(text: string, bytes: number): string {
  let result = '';
  let length = 0;
  for (const character of text) {
    length += Buffer.byteLength(character);
    if (length > bytes) break;
    result += character;
  }
  return result;
}
