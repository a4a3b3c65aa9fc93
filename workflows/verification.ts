import { toApplicationFailure } from '../contracts/application-failure.ts';
import { Failure } from '../contracts/failures.ts';
import { verificationInputSchema } from '../contracts/inputs.ts';
import type { VerificationResult } from '../contracts/jobs.ts';
import { lookUp, stepsOn } from './options.ts';
import { runStory } from './story.ts';

/** Checks a repository: its structure, and as much of its data as is asked for. Damage fails the run. */
export async function verification(rawInput: unknown): Promise<VerificationResult> {
  return runStory(rawInput, {
    workflow: 'verification',
    schema: verificationInputSchema,
    subject: (input) => input.repository ?? 'the default repository',
    body: async (story, input) => {
      const place = await lookUp.resolveRepository(input.repository);
      const { repository, host } = place;
      const readDataPercent = input.readDataPercent ?? 0;
      const note = readDataPercent > 0 ? `Reading ${readDataPercent} % of the data` : 'Structure alone';
      story.know({ subject: repository, repository, host, note });
      story.mark('repository');

      story.enter('check');
      const result = await stepsOn(place).check({ repository, readDataPercent });
      story.count({ bytesDone: result.bytesRead });
      if (result.damageCount > 0) throw toApplicationFailure(damage(result));
      return { result, status: 'done' };
    },
  });
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
