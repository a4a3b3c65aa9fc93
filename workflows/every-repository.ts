import type { FleetTally } from '../contracts/inputs.ts';
import type { FleetResult } from '../contracts/scheduled-jobs.ts';
import { describeTally, emptyTally, isIncomplete, isToldElsewhere, runFleet } from './fleet.ts';
import { lookUp } from './options.ts';
import type { Outcome, Story } from './story.ts';

export interface RepositoryRuns {
  /** Names of the repositories, from the configuration. */
  readonly list: () => Promise<readonly string[]>;
  /** Runs that are under way at once. */
  readonly limits: { readonly perHost: number; readonly atOnce: number };
  /** Longest wait for them, in ms from the beginning of this run; what takes longer goes on by itself. */
  readonly patienceMs: number;
  /** Runs the work on one repository to its end, in a run of its own. */
  readonly run: (repository: string) => Promise<'done' | 'partial'>;
}

/** Gives each repository a run of its own, and counts how they end; where one is under way already, that will do. */
export async function runForRepositories(
  story: Story,
  { list, limits, patienceMs, run }: RepositoryRuns,
): Promise<FleetTally> {
  story.enter('repositories');
  const names = await list();
  const { host } = await lookUp.resolveHost();
  const members = names.map((name) => ({ name, host }));
  const tally = await runFleet(members, emptyTally, {
    ...limits,
    untilMs: Date.parse(story.startedAt) + patienceMs,
    run: ({ name }) => run(name),
    merge: async () => {},
    onEnd: (soFar) => {
      story.know({ note: describeTally(soFar) });
      story.enter('repositories');
    },
  });
  const ending = describeTally(tally);
  story.know({ note: ending, ending, isToldElsewhere: isToldElsewhere(tally) });
  return tally;
}

/** How a run over all repositories ends: in part, if not every one of theirs ended well. */
export function fleetOutcome(story: Story, tally: FleetTally): Outcome<FleetResult> {
  const result = { ...tally, startedAt: story.startedAt, finishedAt: story.now() };
  return { result, status: isIncomplete(tally) ? 'partial' : 'done' };
}
