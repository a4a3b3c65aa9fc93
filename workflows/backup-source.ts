import { workflowInfo } from '@temporalio/workflow';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import { Failure } from '../contracts/failures.ts';
import { type BackupSourceInput, backupSourceInputSchema } from '../contracts/inputs.ts';
import type { BackupResult, CaptureResult, ResolvedSource, SnapshotDraft } from '../contracts/jobs.ts';
import { handToCopies } from './hand-to-copies.ts';
import { type HookReport, type Hooks, withHooks } from './hooks.ts';
import { type KeptAs, keepingAs } from './keep-as.ts';
import { type LimitUpdates, listenForLimits } from './limit-updates.ts';
import { lookUp, stepsOn } from './options.ts';
import { type Outcome, runStory, type Story } from './story.ts';

/**
 * Backs up one source: looks whether it can be read, reads it into the repository, writes the snapshot, and
 * checks that what the snapshot names is there. Its id is `backup/<source>`, so that one run is under way at a
 * time.
 */
export async function backupSource(rawInput: unknown): Promise<BackupResult> {
  const keptAs = keepingAs();
  const limits = listenForLimits(workflowInfo().runId);
  return runStory(rawInput, {
    workflow: 'backupSource',
    schema: backupSourceInputSchema,
    subject: (input) => input.source,
    schedule: (input) => input.schedule,
    body: async (story, input) => {
      const source = await resolve(story, input);
      limits.workOn(source);
      const tags = input.tags ?? [];
      return await withHooks<BackupResult>(
        {
          story,
          place: source,
          hooks: source.hooks ?? [],
          source: source.source,
          facts: () => ({ source: source.source, ...(tags.length === 0 ? {} : { tags }) }),
        },
        {
          work: (hooks) => backUp({ story, input, keptAs, limits, source, hooks }),
          amend: (result, report) => amended(result, report, story),
        },
      );
    },
  });
}

interface Backup {
  readonly story: Story;
  readonly input: BackupSourceInput;
  readonly keptAs: KeptAs;
  readonly limits: LimitUpdates;
  readonly source: ResolvedSource;
  readonly hooks: Hooks;
}

async function backUp(backup: Backup): Promise<Outcome<BackupResult>> {
  const { story, input, keptAs, source, hooks } = backup;
  const steps = stepsOn(source, { isUnattended: input.schedule !== undefined });
  const { description, captured, backupStart } = await hooks.whileReading(() => read(backup));
  const { summary, warnings, warningCount } = captured;

  story.enter('commit');
  const draft = snapshotDraft({ story, input, keptAs, source, captured, backupStart });
  const { snapshot } = await steps.commitSnapshot({ repository: source.repository, draft });
  story.know({ snapshot });

  story.enter('check');
  refuseDamage(
    source,
    snapshot,
    await steps.check({ repository: source.repository, snapshot, readDataPercent: 0 }),
  );

  const copies = input.copies?.filter((name) => name !== source.repository) ?? source.copies;
  await handToCopies(source.source, copies);

  const status = warningCount > 0 ? 'partial' : 'done';
  if (warningCount > 0) story.know({ note: `${description}; ${warningCount} warnings` });
  const result: BackupResult = {
    source: source.source,
    kind: source.kind,
    repository: source.repository,
    snapshot,
    status,
    copies,
    summary,
    warnings,
    warningCount,
    startedAt: story.startedAt,
    finishedAt: story.now(),
  };
  return { result, status };
}

interface Read {
  readonly description: string;
  readonly captured: CaptureResult;
  /** ISO, UTC. */
  readonly backupStart: string;
}

/** Looks whether the source can be read, and reads it. */
async function read({ story, input, limits, source }: Backup): Promise<Read> {
  const steps = stepsOn(source, { isUnattended: input.schedule !== undefined });
  story.enter('preflight');
  const { description } = await steps.preflight(source);
  story.know({ note: description });

  story.enter('capture');
  const backupStart = story.now();
  const captured = await steps.capture({ source, runId: story.runId });
  limits.finish();
  const { summary, warnings, warningCount } = captured;
  story.know({
    bytesAdded: summary.dataAddedPacked,
    bytesNew: summary.dataAdded,
    warnings,
    warningCount,
  });
  story.count(numbersOf(captured));
  return { description, captured, backupStart };
}

/** Hooks that failed and need not end the run make it one that is done in part. */
function amended(result: BackupResult, { results, warnings }: HookReport, story: Story): BackupResult {
  if (results.length === 0) return result;
  const all = {
    warnings: [...warnings, ...result.warnings],
    warningCount: result.warningCount + warnings.length,
  };
  if (warnings.length > 0) story.know(all);
  const status = warnings.length > 0 ? 'partial' : result.status;
  return { ...result, ...all, status, hooks: results, finishedAt: story.now() };
}

async function resolve(story: Story, input: BackupSourceInput): Promise<ResolvedSource> {
  story.mark('source');
  const source = await lookUp.resolveSource(input.source);
  const { kind, repository, host } = source;
  story.know({ kind, repository, host });
  story.mark('source');
  if (input.kind !== undefined && input.kind !== kind) {
    const message = `The input of backupSource is wrong: kind: the source ${source.source} is of kind ${kind}, not ${input.kind}`;
    throw toApplicationFailure(new Failure('InvalidInput', message));
  }
  return source;
}

function numbersOf({ summary }: CaptureResult) {
  return {
    filesDone: summary.totalFilesProcessed,
    bytesDone: summary.totalBytesProcessed,
    bytesStored: summary.dataAddedPacked,
  };
}

interface DraftParts {
  readonly story: Story;
  readonly input: BackupSourceInput;
  readonly keptAs: KeptAs;
  readonly source: ResolvedSource;
  readonly captured: CaptureResult;
  readonly backupStart: string;
}

/** Fixed here, time included, so that every attempt of the commit writes the same bytes. */
function snapshotDraft(parts: DraftParts): SnapshotDraft {
  const { story, input, keptAs, source, captured, backupStart } = parts;
  const { retention, schedules } = keptAs.with(input);
  const tags = [
    `source:${source.source}`,
    `kind:${source.kind}`,
    ...schedules.map((schedule) => `schedule:${schedule}`),
    ...(retention === undefined ? [] : [`retention:${retention}`]),
    `run:${story.runId}`,
    ...source.tags,
    ...(input.tags ?? []),
  ];
  return {
    time: backupStart,
    tree: captured.tree,
    ...(captured.parent === undefined ? {} : { parent: captured.parent }),
    paths: source.paths,
    hostname: source.host,
    username: source.username,
    tags: [...new Set(tags)],
    programVersion: source.programVersion,
    backupStart,
    backupEnd: story.now(),
    summary: captured.summary,
  };
}

interface Found {
  readonly damages: readonly string[];
  readonly damageCount: number;
}

function refuseDamage(source: ResolvedSource, snapshot: string, { damages, damageCount }: Found): void {
  if (damageCount === 0) return;
  const message = `Snapshot ${snapshot.slice(0, 8)} in repository ${source.repository} is damaged: ${damages[0]}`;
  throw toApplicationFailure(new Failure('RepositoryDamaged', message));
}
