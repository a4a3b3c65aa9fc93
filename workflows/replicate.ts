import { condition, defineSignal, log, setHandler, startChild } from '@temporalio/workflow';
import type { CopyRoute, CopyStepResult } from '../contracts/activities.ts';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import { Failure, failureRules } from '../contracts/failures.ts';
import { copyMoreSchema, type ReplicateInput, replicateInputSchema } from '../contracts/inputs.ts';
import type { ReplicationResult } from '../contracts/jobs.ts';
import { signalNames, workflowTypes } from '../contracts/messages.ts';
import { replicateWorkflowId } from '../contracts/queues.ts';
import type { FleetResult } from '../contracts/scheduled-jobs.ts';
import { fleetOutcome, runForRepositories } from './every-repository.ts';
import { knownFailure } from './failures.ts';
import { childRun, fleetLimits, lookUp, stepsOn } from './options.ts';
import { copyPatience } from './patience.ts';
import { type Outcome, runStory, type Story } from './story.ts';

/**
 * Copies snapshots into a repository, or into every one that gets copies, each in a run of its own. What is away
 * is waited for: the run shows meanwhile how far its copies are behind, and ends when it has caught up.
 */
export async function replicate(rawInput: unknown): Promise<ReplicationResult | FleetResult> {
  const wishes = listening();
  return runStory<ReplicateInput, ReplicationResult | FleetResult>(rawInput, {
    workflow: 'replicate',
    schema: replicateInputSchema,
    subject: ({ repository, repositories }) =>
      repository ?? repositories?.join(', ') ?? 'every repository with copies',
    schedule: (input) => input.schedule,
    body: async (story, input) =>
      input.repository === undefined
        ? await replicateAll(story, input)
        : await replicateInto(story, input.repository, { input, wishes }),
  });
}

/** What other runs have asked for while this one was under way. */
interface Wishes {
  /** Sources that were named. */
  readonly sources: Set<string>;
  /** Whether somebody has asked since the last time this was called. */
  take(): boolean;
  readonly isAny: boolean;
}

/** Anyone can send a signal: a wrong one asks for nothing. */
function listening(): Wishes {
  let isAny = false;
  const sources = new Set<string>();
  setHandler(
    defineSignal<[unknown]>(signalNames.copyMore),
    (wish) => {
      const parsed = copyMoreSchema.safeParse(wish ?? {});
      if (!parsed.success) return;
      for (const source of parsed.data.sources ?? []) sources.add(source);
      isAny = true;
    },
    { description: 'Looks once more for what is to be copied' },
  );
  return {
    sources,
    take: () => {
      const was = isAny;
      isAny = false;
      return was;
    },
    get isAny() {
      return isAny;
    },
  };
}

interface Asked {
  readonly input: ReplicateInput;
  readonly wishes: Wishes;
}

async function replicateInto(
  story: Story,
  repository: string,
  { input, wishes }: Asked,
): Promise<Outcome<ReplicationResult>> {
  const place = await lookUp.resolveRepository(repository);
  story.know({ subject: repository, repository, host: place.host });
  story.mark('repository');
  for (const source of input.sources ?? []) wishes.sources.add(source);
  const total = { snapshots: 0, blobs: 0, bytes: 0 };
  let rounds = 0;
  do {
    wishes.take();
    const routes = await lookUp.listCopyRoutes({ repository, sources: [...wishes.sources] });
    const steps = stepsOn(place);
    const results = await Promise.all(
      routes.map((route) => untilCopied(story, { wishes, copy: () => steps.copySnapshots(route), route })),
    );
    for (const result of results) {
      total.snapshots += result.snapshots;
      total.blobs += result.blobs;
      total.bytes += result.bytes;
    }
    story.count({ filesDone: total.snapshots, bytesDone: total.bytes });
    story.know({ bytesAdded: total.bytes, note: `${total.snapshots} snapshots copied` });
    refuseDamage(repository, results);
    rounds += 1;
  } while (wishes.isAny && rounds < copyPatience.rounds);
  const result = { repository, ...total, startedAt: story.startedAt, finishedAt: story.now() };
  return { result, status: 'done' };
}

interface Attempt {
  readonly wishes: Wishes;
  readonly route: CopyRoute;
  readonly copy: () => Promise<CopyStepResult>;
}

/** Tries again for days when a repository is away, and shows meanwhile what is behind. */
async function untilCopied(story: Story, { wishes, route, copy }: Attempt): Promise<CopyStepResult> {
  const untilMs = Date.parse(story.startedAt) + copyPatience.totalMs;
  for (;;) {
    const { description } = await lookUp.describeCopyDebt([route]);
    story.know({ note: description });
    story.enter('copy');
    try {
      return await copy();
    } catch (error) {
      const failure = knownFailure(error, story.facts.host);
      if (
        failure === undefined ||
        !failureRules[failure.type].retryable ||
        Date.now() + copyPatience.pauseMs > untilMs
      )
        throw error;
      log.warn('Copies are put off', { route, failure: failure.message });
      story.know({ note: `${description} Put off, because: ${failure.message}` });
      story.enter('waiting');
      // A backup that has just been made is a reason to try at once.
      await condition(() => wishes.isAny, copyPatience.pauseMs);
      wishes.take();
    }
  }
}

function refuseDamage(repository: string, results: readonly CopyStepResult[]): void {
  const count = results.reduce((sum, { damageCount }) => sum + damageCount, 0);
  const [first] = results.flatMap(({ damages }) => damages);
  if (first === undefined) return;
  const message = `${count} of the snapshots for ${repository} cannot be copied; the others were. ${first}`;
  throw toApplicationFailure(new Failure('RepositoryDamaged', message));
}

async function replicateAll(story: Story, input: ReplicateInput): Promise<Outcome<FleetResult>> {
  story.mark('run');
  const scheduled = input.schedule !== undefined;
  const tally = await runForRepositories(story, {
    list: async () => input.repositories ?? (await lookUp.listCopyTargets({ scheduled })),
    limits: fleetLimits.replications,
    patienceMs: copyPatience.fleetMs,
    run: (name) => replicateInChild(name, input),
  });
  return fleetOutcome(story, tally);
}

async function replicateInChild(repository: string, input: ReplicateInput): Promise<'done'> {
  const { repositories: _all, ...rest } = input;
  const child = await startReplication({ ...rest, repository });
  await child.result();
  return 'done';
}

/** Starts the run that copies into a repository; it outlives the one that has started it. */
export async function startReplication(input: ReplicateInput & { readonly repository: string }) {
  return await startChild<typeof replicate>(workflowTypes.replicate, {
    ...childRun,
    workflowId: replicateWorkflowId(input.repository),
    args: [input],
    staticSummary: `Copy to **${input.repository}**`,
  });
}
