import { startChild } from '@temporalio/workflow';
import type { CheckInput } from '../contracts/activities.ts';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import { Failure } from '../contracts/failures.ts';
import { type VerificationInput, verificationInputSchema } from '../contracts/inputs.ts';
import type { VerificationResult } from '../contracts/jobs.ts';
import { workflowTypes } from '../contracts/messages.ts';
import { verificationWorkflowId } from '../contracts/queues.ts';
import type { FleetResult } from '../contracts/scheduled-jobs.ts';
import { fleetOutcome, runForRepositories } from './every-repository.ts';
import { childRun, fleetLimits, lookUp, stepsOn } from './options.ts';
import { type Outcome, runStory, type Story } from './story.ts';

/** The next verification of a schedule begins a day later. */
const patienceMs = 20 * 3_600_000;
const dayMs = 86_400_000;

/**
 * Checks a repository, or every repository of the configuration, each in a run of its own: its structure, and
 * as much of its data as is asked for. Damage fails the run.
 */
export async function verification(rawInput: unknown): Promise<VerificationResult | FleetResult> {
  return runStory<VerificationInput, VerificationResult | FleetResult>(rawInput, {
    workflow: 'verification',
    schema: verificationInputSchema,
    subject: (input) => input.repository ?? 'every repository',
    schedule: (input) => input.schedule,
    body: async (story, input) =>
      input.repository === undefined
        ? await verifyAll(story, input)
        : await verifyOne(story, input, input.repository),
  });
}

async function verifyOne(
  story: Story,
  input: VerificationInput,
  name: string,
): Promise<Outcome<VerificationResult>> {
  const place = await lookUp.resolveRepository(name);
  const { repository, host } = place;
  const share = shareOf(story, input);
  story.know({ subject: repository, repository, host, note: describeShare(share) });
  story.mark('repository');

  story.enter('check');
  const result = await stepsOn(place).check({ repository, ...share });
  story.count({ bytesDone: result.bytesRead });
  story.know({ warningCount: result.damageCount });
  if (result.notes !== undefined) story.know({ note: result.notes.join(' ') });
  if (result.damageCount > 0) throw toApplicationFailure(damage(result));
  return { result, status: 'done' };
}

async function verifyAll(story: Story, input: VerificationInput): Promise<Outcome<FleetResult>> {
  story.mark('run');
  const tally = await runForRepositories(story, {
    list: () => lookUp.listRepositories(),
    limits: fleetLimits.verifications,
    patienceMs,
    run: (name) => verifyInChild(name, input),
  });
  const damaged = tally.failures.filter(({ failure }) => failure === 'RepositoryDamaged');
  if (damaged.length > 0) {
    const message = damaged.map((failed) => failed.message).join(' ');
    throw toApplicationFailure(new Failure('RepositoryDamaged', message));
  }
  return fleetOutcome(story, tally);
}

async function verifyInChild(repository: string, input: VerificationInput): Promise<'done'> {
  const child = await startChild<typeof verification>(workflowTypes.verification, {
    ...childRun,
    workflowId: verificationWorkflowId(repository),
    args: [{ ...input, repository }],
    staticSummary: `Verify repository **${repository}**`,
  });
  await child.result();
  return 'done';
}

type Share = Pick<CheckInput, 'readDataPercent' | 'readDataPart'>;

/**
 * What a schedule asks for in part goes around: another part each day, until all data was read. Each round
 * begins one part later, so that a schedule that runs every tenth day does not read the same tenth for ever.
 */
function shareOf(story: Story, { readDataPercent = 0, schedule }: VerificationInput): Share {
  if (schedule === undefined || readDataPercent <= 0 || readDataPercent >= 100) return { readDataPercent };
  const of = Math.max(1, Math.floor(100 / readDataPercent));
  const day = Math.floor(Date.parse(story.startedAt) / dayMs);
  return { readDataPercent, readDataPart: { part: (day + Math.floor(day / of)) % of, of } };
}

function describeShare({ readDataPercent, readDataPart }: Share): string {
  if (readDataPart) return `Reading part ${readDataPart.part + 1} of ${readDataPart.of} of the data`;
  return readDataPercent > 0 ? `Reading ${readDataPercent} % of the data` : 'Structure alone';
}

function damage({ repository, damages, damageCount }: VerificationResult): Failure {
  // Each damage is a sentence; what does not fit here is found again by `repo check`.
  const shown = damages.slice(0, 20).join(' ');
  const more = damageCount > 20 ? ` And ${damageCount - 20} more.` : '';
  return new Failure(
    'RepositoryDamaged',
    `Repository ${repository} has ${damageCount} damages. ${shown}${more}`,
  );
}
