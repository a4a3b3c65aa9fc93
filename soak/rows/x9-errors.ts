import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FailureType } from '../../contracts/failures.ts';
import { findProgram } from '../../programs/find.ts';
import { temporaryFolder } from '../../test/repository/temporary-folder.ts';
import { putBack } from '../damage/files.ts';
import { type OperationName, operationNames } from '../operations/names.ts';
import { operationProgram } from '../operations/start.ts';
import type { Random } from '../random.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';
import { goOn, makePlace, type Place } from './x2-kills.ts';

const execute = promisify(execFile);

/** Calls by which files of a repository come, go and are read. */
const calls = ['fsync', 'link', 'unlink', 'pread64'] as const;

/** What each error of the system is to be called. */
const errors = {
  EIO: 'StoreUnavailable',
  EDQUOT: 'StorageFull',
  ENOSPC: 'StorageFull',
  EROFS: 'RepositoryUnwritable',
} as const satisfies Record<string, FailureType>;

type Call = (typeof calls)[number];
type ErrorName = keyof typeof errors;

/** The system answers a call with an error that `strace` puts in the place of its own. */
export const diskErrors: Row = {
  id: 'X9-errors',
  title:
    'a broken disk, a used-up quota and a disk that turns read-only are named, lose nothing, and can be mended',
  counts: { test: 3, soak: 200 },
  run: async (run) => {
    const strace = findProgram('strace', process.env.PATH ?? '');
    if (!strace) {
      run.skip('errors of the system', 'strace is not installed');
      return;
    }
    const places = new Map<OperationName, TracedPlace>();
    for (const { random } of run.cases()) {
      const operation = random.pick(operationNames);
      const traced = places.get(operation) ?? (await tracePlace(run, strace, operation));
      places.set(operation, traced);
      const fault = chooseFault(traced, random);
      await run.check(`${fault.error} of ${fault.call}`, () => failAndGoOn(traced, fault, run));
    }
  },
};

interface TracedPlace {
  readonly place: Place;
  readonly strace: string;
  /** How often the operation makes each call. */
  readonly counts: ReadonlyMap<Call, number>;
}

interface Fault {
  readonly call: Call;
  readonly error: ErrorName;
  /** Counts from 1. */
  readonly at: number;
  /** Whether all later calls fail, too. */
  readonly stays: boolean;
}

async function tracePlace(run: RowRun, strace: string, operation: OperationName): Promise<TracedPlace> {
  const place = await makePlace(run, operation);
  const output = join(await temporaryFolder(run), 'trace');
  await traced({ strace, place }, ['-y', '-e', `trace=${calls.join()}`, '-o', output]);
  await putBack(place.folder, place.before);
  const lines = (await readFile(output, 'utf8')).split('\n');
  const countOf = (call: Call): number =>
    lines.filter((line) => line.includes(` ${call}(`) && (call !== 'pread64' || isOfRepository(line))).length;
  // Only what was there before: these are the paths that strace is given.
  const isOfRepository = (line: string): boolean => place.before.has(/<(.*?)>/.exec(line)?.[1] ?? '');
  return { place, strace, counts: new Map(calls.map((call) => [call, countOf(call)])) };
}

function chooseFault({ counts }: TracedPlace, random: Random): Fault {
  const call = random.pick(calls.filter((name) => (counts.get(name) ?? 0) > 0));
  const names: readonly ErrorName[] = call === 'pread64' ? ['EIO'] : ['EIO', 'EDQUOT', 'ENOSPC', 'EROFS'];
  const at = 1 + random.below(counts.get(call) ?? 1);
  return { call, error: random.pick(names), at, stays: random.below(2) === 0 };
}

async function failAndGoOn(traces: TracedPlace, fault: Fault, run: RowRun): Promise<void> {
  const { place } = traces;
  const { call, error, at, stays } = fault;
  await putBack(place.folder, place.before);
  const inject = `inject=${call}:error=${error}:when=${at}${stays ? '+' : ''}`;
  // Our program is read from files, too.
  const files = call === 'pread64' ? [...place.before.keys()].flatMap((path) => ['-P', path]) : [];
  const options = [...files, '-e', `trace=${call}`, '-e', inject, '-o', '/dev/null'];
  const failed = await traced(traces, options).then(
    () => undefined,
    (reason: unknown) => String(reason),
  );
  // What was only tried, as removing a temporary file, may fail without ending the work.
  if (failed === undefined) run.figure('went well in spite of it, 1 = yes', 1);
  else assert.ok(failed.includes(`type: '${errors[error]}'`), `${inject} ends with ${failed}`);
  await goOn(place, run.signal);
}

/** Carries the operation out with one thread for files, so that calls have an order that can be counted. */
async function traced(
  { place, strace }: Pick<TracedPlace, 'place' | 'strace'>,
  options: readonly string[],
): Promise<void> {
  const { operation, folder, source } = place;
  const child = [process.execPath, operationProgram, operation, folder, source, 'none'];
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1' };
  await execute(strace, ['-f', '-qq', '--seccomp-bpf', ...options, ...child], { env });
}
