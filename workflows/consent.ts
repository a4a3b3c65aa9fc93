import { condition, defineUpdate, setHandler } from '@temporalio/workflow';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import { Failure } from '../contracts/failures.ts';
import { confirmSchema } from '../contracts/inputs.ts';
import { updateNames } from '../contracts/messages.ts';

/** Waits for a person to allow what cannot be taken back easily. */
export interface Consent {
  /**
   * Resolves when the name was confirmed.
   * @throws {ApplicationFailure} NotConfirmed when it was rejected, or not confirmed in time
   */
  ask(question: Question): Promise<void>;
}

export interface Question {
  /** Name that must be given as it is. */
  readonly name: string;
  readonly withinMs: number;
}

type Answer = 'yes' | 'no';

/** Listens to the updates `confirm` and `reject`. An answer that nobody asked for, or to another name, is refused. */
export function listenForConsent(): Consent {
  let wanted: string | undefined;
  let answer: Answer | undefined;
  const requireQuestion = (): void => {
    if (wanted === undefined || answer !== undefined) {
      throw toApplicationFailure(new Failure('InvalidInput', 'Nothing waits for a confirmation'));
    }
  };
  setHandler(
    defineUpdate<string, [unknown]>(updateNames.confirm),
    () => {
      answer = 'yes';
      return 'confirmed';
    },
    {
      description: 'Allows the restore to replace what is there; takes { "target": its name }',
      validator: (given) => {
        requireQuestion();
        const parsed = confirmSchema.safeParse(given);
        if (parsed.success && parsed.data.target === wanted) return;
        const message = `The confirmation is wrong: target: must be "${wanted}", the name of what is replaced`;
        throw toApplicationFailure(new Failure('InvalidInput', message));
      },
    },
  );
  setHandler(
    defineUpdate<string>(updateNames.reject),
    () => {
      answer = 'no';
      return 'rejected';
    },
    { description: 'Ends the restore; nothing is replaced', validator: requireQuestion },
  );
  return {
    async ask({ name, withinMs }) {
      // A plan that was made anew may replace more than the one that was allowed.
      answer = undefined;
      wanted = name;
      const answered = await condition(() => answer !== undefined, withinMs);
      wanted = undefined;
      if (answered && answer === 'yes') return;
      const why = answered ? 'was rejected' : 'was not confirmed in time';
      throw toApplicationFailure(
        new Failure('NotConfirmed', `Replacing "${name}" ${why}: nothing was changed`),
      );
    },
  };
}
