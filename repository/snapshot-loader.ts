import { Compressor } from './compression.ts';
import type { Repository } from './repository.ts';
import { damaged, SealedFiles } from './sealed-files.ts';
import { decodeSnapshot, type Snapshot } from './snapshot.ts';

/**
 * Lists the snapshots of a repository, and reads those that are not known. A snapshot's name is the hash of
 * its content, so one that is known need not be read again.
 * @throws {Failure} RepositoryDamaged for one that is damaged
 */
export async function loadSnapshots(
  { store, sealing }: Repository,
  options: {
    readonly known?: ReadonlyMap<string, Snapshot>;
    readonly signal?: AbortSignal;
    readonly onSnapshot?: (id: string) => void;
  } = {},
): Promise<readonly Snapshot[]> {
  const { known, signal, onSnapshot } = options;
  const files = new SealedFiles({ store, sealing, compressor: new Compressor('default') });
  const snapshots: Snapshot[] = [];
  for await (const { name } of store.list('snapshot', signal)) {
    const snapshot = known?.get(name) ?? (await load(files, name, signal));
    if (snapshot) snapshots.push(snapshot);
    onSnapshot?.(name);
  }
  return snapshots;
}

/** Undefined for one that has gone since it was listed. */
async function load(
  files: SealedFiles,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Snapshot | undefined> {
  const bytes = await files.load('snapshot', name, signal);
  if (!bytes) return undefined;
  const snapshot = decodeSnapshot(name, bytes);
  if (snapshot) return snapshot;
  throw damaged('snapshot', name, 'it is no snapshot');
}
