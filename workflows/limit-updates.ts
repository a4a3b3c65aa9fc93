import { condition, defineUpdate, setHandler } from '@temporalio/workflow';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import { Failure } from '../contracts/failures.ts';
import type { ResolvedSource } from '../contracts/jobs.ts';
import { type RunLimits, runLimitsSchema } from '../contracts/limits.ts';
import { updateNames } from '../contracts/messages.ts';
import { limitsOn } from './options.ts';

export interface LimitUpdates {
  /** Says where the run does its work. */
  workOn(source: ResolvedSource): void;
  /** Nothing more will be sent. */
  finish(): void;
}

/** Listens to the update `limits`, and takes the new limits to the host that does the work. */
export function listenForLimits(runId: string): LimitUpdates {
  let place: ResolvedSource | undefined;
  let isFinished = false;
  setHandler(
    defineUpdate<RunLimits, [unknown]>(updateNames.limits),
    async (given) => {
      const limits = runLimitsSchema.parse(given);
      await condition(() => place !== undefined);
      if (place !== undefined) await limitsOn(place).limitRun({ runId, limits });
      return limits;
    },
    {
      description: 'Limits of the run: { "uploadKiB": KiB per second or null, "downloadKiB", "connections" }',
      validator: (given) => {
        const parsed = runLimitsSchema.safeParse(given);
        const [issue] = parsed.error?.issues ?? [];
        if (issue !== undefined) throw refused(`${issue.path.join('.') || 'limits'}: ${issue.message}`);
        if (isFinished) throw refused('everything is stored already');
      },
    },
  );
  return {
    workOn: (source) => {
      place = source;
    },
    finish: () => {
      isFinished = true;
    },
  };
}

function refused(why: string): Error {
  return toApplicationFailure(new Failure('InvalidInput', `The limits are not taken: ${why}`));
}
