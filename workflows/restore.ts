import { type RestoreInput, restoreInputSchema } from '../contracts/inputs.ts';
import { databaseKinds, type ResolvedSource, type RestoreResult } from '../contracts/jobs.ts';
import { type Consent, listenForConsent } from './consent.ts';
import { lookUp } from './options.ts';
import { restoreDatabases } from './restore-databases.ts';
import { restoreFiles } from './restore-files.ts';
import { restoreInPlace } from './restore-in-place.ts';
import { type Outcome, runStory, type Story } from './story.ts';
import { listenForThaw, type ThawSignal } from './thaw.ts';

/**
 * Restores a snapshot of a source, and compares what came out with what was stored. Files go into a place that
 * does not exist yet, or over those that are there; a database may replace one. Then a person confirms it, what was
 * there is backed up first, and there is a way back for a while.
 */
export async function restore(rawInput: unknown): Promise<RestoreResult> {
  const consent = listenForConsent();
  const told = listenForThaw();
  return runStory(rawInput, {
    workflow: 'restore',
    schema: restoreInputSchema,
    subject: (input) => input.source,
    body: (story, input) => restoreAny(story, input, { consent, told }),
  });
}

async function restoreAny(
  story: Story,
  input: RestoreInput,
  { consent, told }: { readonly consent: Consent; readonly told: ThawSignal },
): Promise<Outcome<RestoreResult>> {
  story.mark('source');
  const source = await resolvedSource(input);
  const { kind, repository, host } = source;
  story.know({ kind, repository, host });
  story.mark('source');
  const run = { story, input, source, consent, told };
  if (input.inPlace === true) return restoreInPlace(run);
  return databaseKinds.includes(kind) ? restoreDatabases(run) : restoreFiles(run);
}

/** The source as it is restored from: its snapshots may be read from a copy. */
export async function resolvedSource({ source, repository }: RestoreInput): Promise<ResolvedSource> {
  return repository === undefined
    ? await lookUp.resolveSource(source)
    : await lookUp.resolveSource(source, repository);
}
