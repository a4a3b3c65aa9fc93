import { scheduledInputSchema } from '../contracts/inputs.ts';
import type { ResolvedHost } from '../contracts/jobs.ts';
import type { HostSweepResult, RepositorySweepResult, SweepResult } from '../contracts/scheduled-jobs.ts';
import { knownFailure } from './failures.ts';
import { fleetLimits, lookUp, stepsOn } from './options.ts';
import { runStory, type Story } from './story.ts';

/**
 * Removes what runs left that were killed: locks of dead processes, temporary files, unfinished uploads,
 * databases that a restore had begun. One place that cannot be looked at keeps no other from being swept.
 */
export async function sweep(rawInput: unknown): Promise<SweepResult> {
  return await runStory(rawInput, {
    workflow: 'sweep',
    schema: scheduledInputSchema,
    subject: () => 'repositories and hosts',
    schedule: ({ schedule }) => schedule,
    body: async (story) => {
      story.mark('run');
      story.enter('sweep');
      const swept = await sweepEverywhere(story);
      const ending = describe(swept);
      story.know({ note: ending, ...(swept.problems.length === 0 ? {} : { ending }) });
      const result = { ...swept, startedAt: story.startedAt, finishedAt: story.now() };
      return { result, status: swept.problems.length === 0 ? 'done' : 'partial' };
    },
  });
}

type Swept = Omit<SweepResult, 'startedAt' | 'finishedAt'>;

async function sweepEverywhere(story: Story): Promise<Swept> {
  const home = await lookUp.resolveHost();
  story.know({ host: home.host });
  const names = await lookUp.listPrunedRepositories();
  const hosts = await lookUp.listHosts();
  const problems: string[] = [];
  const repositories = await inTurn(names, problems, async (repository) => {
    return await stepsOn(home).sweepRepository({ repository });
  });
  const swept = await inTurn(hosts, problems, sweepHost);
  const databases = swept.flatMap((found) => found.databases);
  return {
    locks: sum(repositories, ({ locks }: RepositorySweepResult) => locks),
    files: sum(swept, ({ files }: HostSweepResult) => files),
    databases: databases.slice(0, fleetLimits.listedLeftOvers),
    problems: [...problems, ...swept.flatMap((found) => found.problems)].slice(
      0,
      fleetLimits.listedLeftOvers,
    ),
  };
}

async function sweepHost(host: ResolvedHost): Promise<HostSweepResult> {
  return await stepsOn(host).sweepHost();
}

/** A few at a time. What fails becomes a sentence; a cancellation ends all. */
async function inTurn<Item, Found>(
  items: readonly Item[],
  problems: string[],
  work: (item: Item) => Promise<Found>,
): Promise<readonly Found[]> {
  const waiting = [...items];
  const found: Found[] = [];
  const take = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      try {
        found.push(await work(item));
      } catch (error) {
        const failure = knownFailure(error);
        if (failure === undefined || failure.type === 'Cancelled') throw error;
        problems.push(failure.message);
      }
    }
  };
  await Promise.all(Array.from({ length: fleetLimits.sweepsAtOnce }, take));
  return found;
}

function sum<T>(items: readonly T[], figureOf: (item: T) => number): number {
  return items.reduce((total, item) => total + figureOf(item), 0);
}

function describe({ locks, files, databases, problems }: Swept): string {
  const removed = `Removed ${locks} stale locks, ${files} temporary files, ${databases.length} unfinished databases`;
  return problems.length === 0 ? `${removed}.` : `${removed}. Not looked at: ${problems.join('; ')}`;
}
