import { availableParallelism, hostname } from 'node:os';
import { Failure } from '../../contracts/failures.ts';
import type { Secret } from '../../secrets/secret.ts';
import type { Store } from '../../stores/store.ts';
import { maxWork, workOf } from '../crypto/key-derivation.ts';
import type { MasterKey } from '../crypto/master-key.ts';
import { concernsOneKeyFile, type KeyFile, openKeyFile } from './key-file.ts';
import { loadKeyFile, type OpenedKey } from './keys.ts';

/** Key files that are looked at. restic's number. */
const maxKeyFiles = 20;

/** What all key files may take that are tried: some five seconds on one processor. */
const totalWork = 2 * maxWork;

/** What honest programs ask for at most: restic some 1.5 million, rustic one. */
const usualWork = maxWork / 4;

/** Derivations at the same time, once the first key file was the wrong one. Each takes 32 to 64 MiB. */
const atOnce = Math.min(4, availableParallelism());

export interface KeySearch {
  readonly password: Secret;
  /** Whether this is the master key of the repository. */
  readonly isMaster: (master: MasterKey) => boolean;
  /** Thrown when the password opens key files, but none with that master key. */
  readonly otherMaster: Failure;
  /** First digits of the key file that is tried first. */
  readonly hint?: string | undefined;
  /** Called when the first derivation has begun, which leaves this thread free. */
  readonly whileDeriving?: (() => void) | undefined;
}

/**
 * Finds the key file that the password opens and whose master key is that of the repository: one that a
 * failed `init` left has another. Key files that ask for more than is usual come last, so that planted ones do not
 * keep others from being tried.
 * @throws {Failure} WrongKey; RepositoryDamaged or RepositoryUnsupported when none is opened and one of them is so
 */
export async function findKey(store: Store, search: KeySearch, signal?: AbortSignal): Promise<OpenedKey> {
  const { files, others, unusable } = await loadKeyFiles(store, search.hint, signal);
  const trial = new Trial(search, unusable);
  const { tried, untried } = planTrials(files, search.hint);
  for (const wave of wavesOf(tried)) {
    const opened = await trial.open(wave);
    if (opened) return opened;
  }
  if (trial.unusable !== undefined) throw trial.unusable;
  if (files.length === 0) throw noKeyFile(store);
  throw wrongKey(store, { tried: tried.length, untried: untried.length + others });
}

interface LoadedKeyFiles {
  readonly files: readonly KeyFile[];
  /** How many more there are. */
  readonly others: number;
  /** What is wrong with one of them. */
  readonly unusable: unknown;
}

async function loadKeyFiles(
  store: Store,
  hint: string | undefined,
  signal: AbortSignal | undefined,
): Promise<LoadedKeyFiles> {
  const listed = (await Array.fromAsync(store.list('key', signal))).map(({ name }) => name);
  const names = hintedFirst(listed, (name) => name, hint);
  const loaded = await Promise.allSettled(
    names.slice(0, maxKeyFiles).map((name) => loadKeyFile(store, name, signal)),
  );
  const files: KeyFile[] = [];
  let unusable: unknown;
  for (const result of loaded) {
    if (result.status === 'fulfilled') files.push(...(result.value ? [result.value] : []));
    else if (concernsOneKeyFile(result.reason)) unusable ??= result.reason;
    else throw result.reason;
  }
  return { files, others: Math.max(0, names.length - maxKeyFiles), unusable };
}

export interface PlannedTrials {
  /** In this order. */
  readonly tried: readonly KeyFile[];
  readonly untried: readonly KeyFile[];
}

/**
 * Which key files are tried: as many as are within the bound on what all of them may take. One that is out of its own
 * bounds counts for nothing, since it is refused at once.
 */
export function planTrials(files: readonly KeyFile[], hint?: string): PlannedTrials {
  const tried: KeyFile[] = [];
  const untried: KeyFile[] = [];
  let work = 0;
  for (const file of inOrder(files, hint)) {
    const added = workOf(file.cost) > maxWork ? 0 : workOf(file.cost);
    if (work + added > totalWork) untried.push(file);
    else {
      tried.push(file);
      work += added;
    }
  }
  return { tried, untried };
}

/** The one that is hinted at, those of this host, the others, the dear ones; of each the cheap ones first. */
function inOrder(files: readonly KeyFile[], hint: string | undefined): readonly KeyFile[] {
  const host = hostname();
  const rank = ({ cost, hostname: of }: KeyFile): number =>
    workOf(cost) > usualWork ? 2 : of === host ? 0 : 1;
  const ranked = files.toSorted((a, b) => rank(a) - rank(b) || workOf(a.cost) - workOf(b.cost));
  return hintedFirst(ranked, ({ id }) => id, hint);
}

function hintedFirst<T>(items: readonly T[], nameOf: (item: T) => string, hint: string | undefined) {
  if (hint === undefined) return items;
  const isHinted = (item: T): boolean => nameOf(item).startsWith(hint);
  return [...items.filter(isHinted), ...items.filter((item) => !isHinted(item))];
}

/** The first one alone, because it is mostly the right one; then several at once, but dear ones alone. */
function* wavesOf(files: readonly KeyFile[]): Generator<readonly KeyFile[]> {
  const wave: KeyFile[] = [];
  for (const [number, file] of files.entries()) {
    const isAlone = number === 0 || workOf(file.cost) > usualWork;
    if (isAlone && wave.length > 0) yield wave.splice(0);
    wave.push(file);
    if (isAlone || wave.length === atOnce) yield wave.splice(0);
  }
  if (wave.length > 0) yield wave;
}

/** Tries key files, and keeps why those that the password opened were not the right ones. */
class Trial {
  readonly #search: KeySearch;
  unusable: unknown;

  constructor(search: KeySearch, unusable: unknown) {
    this.#search = search;
    this.unusable = unusable;
  }

  async open(wave: readonly KeyFile[]): Promise<OpenedKey | undefined> {
    const { password, isMaster, otherMaster, whileDeriving } = this.#search;
    const opening = Promise.allSettled(wave.map((file) => openKeyFile(file, password)));
    whileDeriving?.();
    for (const [at, result] of (await opening).entries()) {
      const id = wave[at]?.id ?? '';
      if (result.status === 'rejected') {
        if (!concernsOneKeyFile(result.reason)) throw result.reason;
        this.unusable ??= result.reason;
      } else if (result.value && isMaster(result.value)) return { id, master: result.value };
      else if (result.value) this.unusable ??= otherMaster;
    }
    return undefined;
  }
}

function noKeyFile({ location }: Store): Failure {
  return new Failure('RepositoryDamaged', `There is no key file at ${location}.`, {
    advice:
      'Without one nobody can read the repository: put its folder `keys` back from a copy of it. If nothing was backed up there yet, empty the place and run `resguardo repo init` again.',
  });
}

function wrongKey({ location }: Store, { tried, untried }: { tried: number; untried: number }): Failure {
  if (untried === 0) {
    return new Failure('WrongKey', `The password opens none of the key files at ${location}.`);
  }
  return new Failure(
    'WrongKey',
    `The password opens none of the ${tried} key files at ${location} that were tried; ${untried} more were not, because they would take too long.`,
    {
      advice: 'If the password is right, name its key file by --key-hint, with the first digits of its name.',
    },
  );
}
