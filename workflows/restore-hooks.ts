import { isCancellation } from '@temporalio/workflow';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import type { ReplacedResult } from '../contracts/database-restore.ts';
import { Failure } from '../contracts/failures.ts';
import type { HookFacts } from '../contracts/hooks.ts';
import type { ResolvedSource, RestoreResult } from '../contracts/jobs.ts';
import { knownFailure } from './failures.ts';
import { type HookReport, type Hooks, withHooks } from './hooks.ts';
import type { Outcome, Story } from './story.ts';

export interface HookedRestore {
  readonly story: Story;
  /** The source into whose place, or onto whose server, it goes: its hooks are run, on its host. */
  readonly place: ResolvedSource;
  readonly target: string;
  /** Names or paths of what is there and is replaced. */
  readonly replaces: readonly string[];
}

/** For the work between the hooks. */
export interface RestoreHooks {
  /** To be called when all is ready, before what is there is touched; what this throws must leave it as it is. */
  beforeReplace(): Promise<void>;
  /** Tells the hooks to come how the restore can be undone. */
  knowRollback(restore: string): void;
}

/** Runs what follows the confirmation of a restore with its hooks around it. */
export async function withRestoreHooks(
  hooked: HookedRestore,
  work: (hooks: RestoreHooks) => Promise<Outcome<RestoreResult>>,
): Promise<Outcome<RestoreResult>> {
  return await withHooksOfPlace(hooked, { work, whole: wholeRestore });
}

/** Runs a roll-back with the hooks of restores around it; `restore` is what it undoes. */
export async function withRollBackHooks(
  { restore, ...hooked }: HookedRestore & { readonly restore: string },
  work: (hooks: RestoreHooks) => Promise<Outcome<ReplacedResult>>,
): Promise<Outcome<ReplacedResult>> {
  return await withHooksOfPlace(hooked, {
    work: async (hooks) => {
      hooks.knowRollback(restore);
      return await work(hooks);
    },
    whole: ({ databases, paths = [] }) => ({
      message: `The roll-back itself is whole: ${[...databases, ...paths].join(', ')}`,
    }),
  });
}

/** What hooks leave something in. */
type HookedResult = Pick<ReplacedResult, 'warnings' | 'hooks' | 'finishedAt'>;

interface WorkOfPlace<Result> {
  readonly work: (hooks: RestoreHooks) => Promise<Outcome<Result>>;
  /** What is to be said when a hook has failed behind it: that must not be taken for work that is not whole. */
  readonly whole: (result: Result) => { readonly message: string; readonly advice?: string };
}

async function withHooksOfPlace<Result extends HookedResult>(
  { story, place, target, replaces }: HookedRestore,
  { work, whole }: WorkOfPlace<Result>,
): Promise<Outcome<Result>> {
  let rollback: string | undefined;
  let done: Result | undefined;
  const facts = (): Partial<HookFacts> => {
    const { filesDone, bytesDone } = story.progress;
    return {
      source: place.source,
      kind: place.kind,
      host: place.host,
      restore: { target, replaces, ...(rollback === undefined ? {} : { rollback }) },
      ...(filesDone > 0 && { files: filesDone, bytes: bytesDone }),
      ...(done !== undefined && { warnings: done.warnings?.length ?? 0 }),
    };
  };
  const forWork = (hooks: Hooks): RestoreHooks => ({
    beforeReplace: async () => {
      if (replaces.length > 0) await hooks.run('beforeReplace', 'running');
    },
    knowRollback: (restore) => {
      rollback = restore;
    },
  });
  try {
    return await withHooks<Result>(
      { story, place, hooks: place.restoreHooks ?? [], source: place.source, facts },
      {
        work: async (hooks) => {
          await hooks.run('before', 'running');
          const outcome = await work(forWork(hooks));
          done = outcome.result;
          return outcome;
        },
        amend: (result, report) => amended(result, report, story),
      },
    );
  } catch (error) {
    throw done === undefined ? error : withOutcome(error, whole(done));
  }
}

/** Hooks that failed and need not end the run make it one that is done in part. */
function amended<Result extends HookedResult>(
  result: Result,
  { results, warnings }: HookReport,
  story: Story,
): Result {
  if (results.length === 0) return result;
  return {
    ...result,
    warnings: [...warnings, ...(result.warnings ?? [])],
    hooks: results,
    finishedAt: story.now(),
  };
}

function wholeRestore({ target, replaced }: RestoreResult) {
  return {
    message: `The restore itself is whole: ${target}`,
    ...(replaced && { advice: `\`resguardo rollback ${replaced.restore}\` undoes the restore.` }),
  };
}

function withOutcome(
  error: unknown,
  { message, advice }: ReturnType<WorkOfPlace<unknown>['whole']>,
): unknown {
  const failure = knownFailure(error);
  if (failure === undefined || isCancellation(error)) return error;
  return toApplicationFailure(
    new Failure(failure.type, `${failure.message}. ${message}`, {
      advice: advice === undefined ? failure.advice : `${failure.advice} ${advice}`,
    }),
  );
}
