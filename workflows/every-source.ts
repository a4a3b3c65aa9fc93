import { continueAsNew, getExternalWorkflowHandle, log, startChild } from '@temporalio/workflow';
import {
  type BackupSourceInput,
  type FleetBackupInput,
  type FleetTally,
  fleetBackupInputSchema,
  type KeepAs,
  type RetentionName,
} from '../contracts/inputs.ts';
import type { ResolvedHost } from '../contracts/jobs.ts';
import { signalNames, workflowTypes } from '../contracts/messages.ts';
import { backupWorkflowId } from '../contracts/queues.ts';
import type { FleetResult, SourcePage } from '../contracts/scheduled-jobs.ts';
import type { backupSource } from './backup-source.ts';
import { describeTally, emptyTally, isIncomplete, isToldElsewhere, runFleet } from './fleet.ts';
import { type HookReport, type HookSettings, type Hooks, withHooks } from './hooks.ts';
import { childRun, fleetLimits, lookUp } from './options.ts';
import { type Outcome, runStory, type Story } from './story.ts';

interface Kind {
  readonly workflow: 'dailyBackup' | 'incrementalBackup';
  readonly retention: RetentionName;
  /** How long the run waits for the sources, in ms: the next one of its schedule must be able to begin. */
  readonly patienceMs: number;
}

const hourMs = 3_600_000;

/** Backs up every source, to be kept as long as daily backups are. */
export async function dailyBackup(rawInput: unknown): Promise<FleetResult> {
  return await backUpEverySource(rawInput, {
    workflow: 'dailyBackup',
    retention: 'daily',
    patienceMs: 20 * hourMs,
  });
}

/** Backs up every source in between. */
export async function incrementalBackup(rawInput: unknown): Promise<FleetResult> {
  return await backUpEverySource(rawInput, {
    workflow: 'incrementalBackup',
    retention: 'incremental',
    patienceMs: 5 * hourMs,
  });
}

/**
 * Gives every source of the configuration a run of `backupSource` under its fixed id, so that no source has
 * two at once, whoever starts them. Sources come in pages, each with a history of its own.
 */
async function backUpEverySource(
  rawInput: unknown,
  { workflow, retention: own, patienceMs }: Kind,
): Promise<FleetResult> {
  return await runStory(rawInput, {
    workflow,
    schema: fleetBackupInputSchema,
    subject: () => 'every source',
    schedule: ({ schedule }) => schedule,
    body: async (story, input) => {
      story.mark('run');
      story.enter('sources');
      const { continued, retention = own } = input;
      const startedAt = continued?.startedAt ?? story.startedAt;
      story.beganAt(startedAt);
      const page = await lookUp.listSources({
        limit: fleetLimits.sourcesInOneHistory,
        ...(continued === undefined ? {} : { after: continued.after }),
      });
      let tally = continued?.tally ?? emptyTally;
      const work = async (hooks: Hooks): Promise<Outcome<FleetResult>> => {
        tally = await hooks.whileReading(() => {
          story.enter('sources');
          return runFleet(members(page), tally, {
            ...fleetLimits.backups,
            untilMs: Date.parse(startedAt) + patienceMs,
            ...(page.more ? { stragglersMs: fleetLimits.stragglersMs } : {}),
            run: ({ name }) => backUp(name, { ...input, retention }),
            merge: ({ name }) => keepAs(name, { retention, ...scheduleOf(input) }),
            onEnd: (soFar) => show(story, soFar),
          });
        });
        const last = page.sources.at(-1);
        if (page.more && last !== undefined) {
          await goOn(input, { after: last.source, startedAt, tally });
        }
        const ending = describeTally(tally);
        story.know({ note: ending, ending, isToldElsewhere: isToldElsewhere(tally) });
        const result: FleetResult = { ...tally, startedAt, finishedAt: story.now() };
        return { result, status: isIncomplete(tally) ? 'partial' : 'done' };
      };
      return await withHooks<FleetResult>(
        { ...hooksAround(page), story, isBeginning: continued === undefined, ...tellingOf(() => tally) },
        { work, amend: (result, report) => amended(result, report, story) },
      );
    },
  });
}

function hooksAround({ around }: SourcePage): Pick<HookSettings, 'place' | 'hooks'> {
  return around ?? { place: nowhere, hooks: [] };
}

/** Where no hook is run. */
const nowhere: ResolvedHost = { host: '', queue: '', heartbeatTimeoutMs: 0, hostTimeoutMs: 0 };

/** What the hooks are told of the sources; one that has failed is a failure. */
function tellingOf(tally: () => FleetTally): Pick<HookSettings, 'facts' | 'isFailed'> {
  return {
    facts() {
      const { total, failed, failures } = tally();
      return { sources: { total, failed, failedNames: failures.map(({ name }) => name) } };
    },
    isFailed: () => tally().failed > 0,
  };
}

function amended(result: FleetResult, { results, warnings }: HookReport, story: Story): FleetResult {
  if (results.length === 0) return result;
  if (warnings.length > 0) story.know({ warnings, warningCount: warnings.length, isToldElsewhere: false });
  return { ...result, hooks: results, finishedAt: story.now() };
}

function members({ sources }: SourcePage) {
  return sources.map(({ source, host }) => ({ name: source, host }));
}

async function backUp(
  source: string,
  { schedule, retention, tags }: FleetBackupInput,
): Promise<'done' | 'partial'> {
  const input: BackupSourceInput = {
    source,
    ...(tags === undefined ? {} : { tags }),
    ...(retention === undefined ? {} : { retention }),
    ...(schedule === undefined ? {} : { schedule }),
  };
  const child = await startChild<typeof backupSource>(workflowTypes.backupSource, {
    ...childRun,
    workflowId: backupWorkflowId(source),
    args: [input],
    staticSummary: `Back up **${source}**${schedule === undefined ? '' : ` (${schedule})`}`,
  });
  const { status } = await child.result();
  return status;
}

/** The snapshot under way shall serve this schedule too. A run that has just ended has left one that is as new. */
async function keepAs(source: string, message: KeepAs): Promise<void> {
  try {
    await getExternalWorkflowHandle(backupWorkflowId(source)).signal(signalNames.keepAs, message);
  } catch (error) {
    log.info('The run under way could not be asked to keep its snapshot longer', { source, error });
  }
}

function scheduleOf({ schedule }: FleetBackupInput): { readonly schedule?: string } {
  return schedule === undefined ? {} : { schedule };
}

function show(story: Story, { total, done, partial, failed, merged }: FleetTally): void {
  story.know({ note: `${done + partial + failed + merged} of ${total} sources, ${failed} failed` });
  story.enter('sources');
}

async function goOn(
  input: FleetBackupInput,
  continued: NonNullable<FleetBackupInput['continued']>,
): Promise<never> {
  return await continueAsNew<(input: FleetBackupInput) => Promise<FleetResult>>({ ...input, continued });
}
