import { type RestoreInput, restoreInputSchema } from '../contracts/inputs.ts';
import type { RestoreResult, SourceKind } from '../contracts/jobs.ts';
import { type Consent, listenForConsent } from './consent.ts';
import { lookUp } from './options.ts';
import { restoreDatabases } from './restore-databases.ts';
import { restoreFiles } from './restore-files.ts';
import { type Outcome, runStory, type Story } from './story.ts';

/** Kinds of sources whose snapshots hold databases. */
const databaseKinds: readonly SourceKind[] = ['postgres', 'mysql'];

/**
 * Restores a snapshot of a source, and compares what came out with what was stored. Files go into a place that
 * does not exist yet. A database may replace one: then a person confirms it, and what was there is backed up
 * first and kept for a while.
 */
export async function restore(rawInput: unknown): Promise<RestoreResult> {
  const consent = listenForConsent();
  return runStory(rawInput, {
    workflow: 'restore',
    schema: restoreInputSchema,
    subject: (input) => input.source,
    body: (story, input) => restoreAny(story, input, consent),
  });
}

async function restoreAny(
  story: Story,
  input: RestoreInput,
  consent: Consent,
): Promise<Outcome<RestoreResult>> {
  story.mark('source');
  const source = await lookUp.resolveSource(input.source);
  const { kind, repository, host } = source;
  story.know({ kind, repository, host });
  story.mark('source');
  if (!databaseKinds.includes(kind)) return restoreFiles(story, input, source);
  return restoreDatabases({ story, input, source, consent });
}
