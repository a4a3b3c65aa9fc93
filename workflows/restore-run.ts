import type { RestoreInput } from '../contracts/inputs.ts';
import type { ResolvedSource } from '../contracts/jobs.ts';
import type { Consent } from './consent.ts';
import type { Story } from './story.ts';
import type { ThawSignal } from './thaw.ts';

/** A restore under way: what is wanted, and how it hears of people and of the service. */
export interface RestoreRun {
  readonly story: Story;
  readonly input: RestoreInput;
  /** Its snapshots may be read from a copy. */
  readonly source: ResolvedSource;
  readonly consent: Consent;
  readonly told: ThawSignal;
}
