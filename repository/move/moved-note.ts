import { Failure } from '../../contracts/failures.ts';
import type { Store, StoreFile } from '../../stores/store.ts';
import { asString, parseJsonObject } from '../json.ts';

/** What a repository leaves where it lay before it was moved, in the clear: nothing of it is secret. */
export interface MovedNote {
  /** The new place, as stores call it. */
  readonly to: string;
  /** RFC 3339. */
  readonly time: string;
}

export const movedFile: StoreFile = { type: 'moved', name: '' };

/** The note that lies at a place; undefined where there is none, or one that cannot be read. */
export async function readMovedNote(store: Store, signal?: AbortSignal): Promise<MovedNote | undefined> {
  const bytes = await store.load(movedFile, undefined, signal);
  const json = bytes && parseJsonObject(bytes);
  const to = asString(json?.to);
  return to === undefined ? undefined : { to, time: asString(json?.time) ?? '' };
}

/** Leaves a note in the place of an older one. */
export async function writeMovedNote(store: Store, note: MovedNote, signal: AbortSignal): Promise<void> {
  await store.remove(movedFile, signal);
  await store.save(movedFile, [Buffer.from(`${JSON.stringify(note)}\n`)], signal);
}

/** @throws {Failure} RepositoryMoved where a repository lay that was moved */
export async function assertNotMoved(store: Store, signal?: AbortSignal): Promise<void> {
  const note = await readMovedNote(store, signal);
  if (note === undefined) return;
  throw new Failure('RepositoryMoved', `The repository of ${store.location} was moved to ${note.to}.`);
}
