import { isCancellation } from '@temporalio/workflow';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import { Failure } from '../contracts/failures.ts';
import type { HookFacts } from '../contracts/hooks.ts';
import type { ResolvedSource, RestoreResult } from '../contracts/jobs.ts';
import { knownFailure } from './failures.ts';
import { type HookReport, withHooks } from './hooks.ts';
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
  { story, place, target, replaces }: HookedRestore,
  work: (hooks: RestoreHooks) => Promise<Outcome<RestoreResult>>,
): Promise<Outcome<RestoreResult>> {
  let rollback: string | undefined;
  let done: RestoreResult | undefined;
  const facts = (): Partial<HookFacts> => {
    const { filesDone, bytesDone } = story.progress;
    return {
      source: place.source,
      kind: place.kind,
      host: place.host,
      restore: { target, replaces, ...(rollback === undefined ? {} : { rollback }) },
      ...(filesDone > 0 && { files: filesDone, bytes: bytesDone }),
      ...(done !== undefined && { warnings: done.warnings.length }),
    };
  };
  try {
    return await withHooks<RestoreResult>(
      { story, place, hooks: place.restoreHooks ?? [], source: place.source, facts },
      {
        work: async (hooks) => {
          await hooks.run('before', 'running');
          const outcome = await work({
            beforeReplace: async () => {
              if (replaces.length > 0) await hooks.run('beforeReplace', 'running');
            },
            knowRollback: (restore) => {
              rollback = restore;
            },
          });
          done = outcome.result;
          return outcome;
        },
        amend: (result, report) => amended(result, report, story),
      },
    );
  } catch (error) {
    throw done === undefined ? error : withOutcome(error, done);
  }
}

/** Hooks that failed and need not end the run make it one that is done in part. */
function amended(result: RestoreResult, { results, warnings }: HookReport, story: Story): RestoreResult {
  if (results.length === 0) return result;
  return {
    ...result,
    warnings: [...warnings, ...result.warnings],
    hooks: results,
    finishedAt: story.now(),
  };
}

/** A hook has failed behind a restore that is whole: that must not be taken for one that is not. */
function withOutcome(error: unknown, { target, replaced }: RestoreResult): unknown {
  const failure = knownFailure(error);
  if (failure === undefined || isCancellation(error)) return error;
  const undo =
    replaced === undefined ? '' : ` \`resguardo rollback ${replaced.restore}\` undoes the restore.`;
  return toApplicationFailure(
    new Failure(failure.type, `${failure.message} The restore itself is whole: ${target}`, {
      advice: `${failure.advice}${undo}`,
    }),
  );
}
