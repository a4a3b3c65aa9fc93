import { basename, dirname } from 'node:path';

/** A call of the system that changes names, or brings something to the disk. */
export interface TracedCall {
  readonly name: 'fsync' | 'link' | 'unlink';
  /** What is flushed or removed; what a link is made of. */
  readonly path: string;
  /** The new name of a link. */
  readonly target?: string;
  /** Lines of the trace at which it began and ended. */
  readonly begin: number;
  readonly end: number;
}

const begun = /^(\d+)\s+(fsync|fdatasync|link|linkat|unlink)\((.*)$/;
const resumed = /^(\d+)\s+<\.\.\. (\w+) resumed>.*= 0$/;

/** Calls that went well, from the output of `strace -f -y -s 1000`, in the order of their beginning. */
export function parseTrace(text: string): readonly TracedCall[] {
  const calls: TracedCall[] = [];
  const waiting = new Map<string, Omit<TracedCall, 'end'>>();
  for (const [line, content] of text.split('\n').entries()) {
    const start = begun.exec(content);
    const [, process = '', syscall = '', args = ''] = start ?? resumed.exec(content) ?? [];
    if (start) {
      const call = { ...describe(syscall, args), begin: line };
      if (args.endsWith('<unfinished ...>')) waiting.set(process, call);
      else if (args.endsWith('= 0')) calls.push({ ...call, end: line });
    } else if (process !== '') {
      const call = waiting.get(process);
      waiting.delete(process);
      if (call) calls.push({ ...call, end: line });
    }
  }
  return calls.toSorted((a, b) => a.begin - b.begin);
}

function describe(syscall: string, args: string): Omit<TracedCall, 'begin' | 'end'> {
  if (syscall === 'fsync' || syscall === 'fdatasync')
    return { name: 'fsync', path: /^\d+<(.*?)>/.exec(args)?.[1] ?? '' };
  const [path = '', target] = [...args.matchAll(/"(.*?)"/g)].map(([, name = '']) => name);
  return syscall === 'unlink' ? { name: 'unlink', path } : { name: 'link', path, ...(target && { target }) };
}

/**
 * What a power cut could undo, in words: a name that is given to content which is not on the disk yet, and a step
 * that builds on an earlier one before that is on the disk. Locks are left out: who loses them has lost nothing.
 */
export function powerCutProblems(calls: readonly TracedCall[]): readonly string[] {
  const steps = calls.filter(({ name, path, target }) => name !== 'fsync' && isStored(target ?? path));
  const flushed = (path: string, from: number, to: number): boolean =>
    calls.some((call) => call.name === 'fsync' && call.path === path && call.begin > from && call.end < to);
  const problems: string[] = [];
  for (const step of steps) {
    if (step.name === 'link' && !flushed(step.path, -1, step.begin))
      problems.push(`${step.target} was named before its content was flushed`);
    for (const earlier of steps) {
      const changed = earlier.target ?? earlier.path;
      if (earlier.end > step.begin || !buildsOn(step, earlier)) continue;
      if (flushed(dirname(changed), earlier.end, step.begin)) continue;
      problems.push(
        `${step.name} of ${step.target ?? step.path} began before the ${earlier.name} of ${changed} was flushed`,
      );
    }
  }
  for (const { name, path, target, end } of steps) {
    if (!flushed(dirname(target ?? path), end, Number.POSITIVE_INFINITY))
      problems.push(`the ${name} of ${target ?? path} was never flushed`);
  }
  return problems;
}

/** Packs need nobody; an index needs packs, a snapshot an index; what goes needs what stands in for it. */
function buildsOn(step: TracedCall, earlier: TracedCall): boolean {
  const [type, on] = [typeOf(step.target ?? step.path), typeOf(earlier.target ?? earlier.path)];
  if (step.name === 'link') return earlier.name === 'link' && order.indexOf(on) < order.indexOf(type);
  if (earlier.name === 'link') return true;
  return order.indexOf(on) > order.indexOf(type);
}

const order = ['keys', 'config', 'data', 'index', 'snapshots'];

function typeOf(path: string): string {
  if (basename(path) === 'config') return 'config';
  const folder = basename(dirname(path));
  return folder.length === 2 ? 'data' : folder;
}

function isStored(path: string): boolean {
  return order.includes(typeOf(path)) && !path.includes('.tmp-') && /(?:[0-9a-f]{64}|config)$/.test(path);
}
