import { hash } from 'node:crypto';
import { rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobLocation } from '../../repository/index/blob-index.ts';
import { type DamageBench, damageBench } from '../damage/bench.ts';
import { place, putBack, readAll } from '../damage/files.ts';
import { assertDetected, assertHarmless, type Damage } from '../damage/judge.ts';
import { type ObjectType, type StoredObject, storedObjects } from '../damage/objects.ts';
import type { Random } from '../random.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';

export const tampering: Row = {
  id: 'X11',
  title: 'a file that is cut, emptied, prolonged, removed, renamed, swapped or copied is found and named',
  counts: { test: 28, soak: 1000 },
  run: async (run) => {
    const bench = await damageBench(run);
    const objects = await storedObjects(bench);
    const whole = await readAll(bench.folder);
    const kinds = Object.entries(tricks).flatMap(([trick, play]) =>
      objectTypes.map((type) => ({ name: `${type}: ${trick}`, type, play })),
    );
    for (const { number, random } of run.cases()) {
      const { name, type, play } = kinds[number % kinds.length] ?? random.pick(kinds);
      const object = random.pick(objects.filter((candidate) => candidate.type === type));
      const others = objects.filter((other) => other.type === type && other !== object);
      const outcome = await play({ bench, object, others, random });
      if (outcome !== 'impossible') await run.check(name, () => judge(bench, outcome, run));
      await putBack(bench.folder, whole);
    }
  },
};

/** Locks are left out: an empty one is passed over as restic does, and each other damage is one of X10. */
const objectTypes: readonly ObjectType[] = ['config', 'keys', 'index', 'snapshots', 'data'];

interface Tampering {
  readonly bench: DamageBench;
  readonly object: StoredObject;
  /** Others of its type. */
  readonly others: readonly StoredObject[];
  readonly random: Random;
}

/** What must be told; or nothing, because nothing that is needed has changed. */
type Outcome = Damage | 'harmless' | 'impossible';

const tricks: Readonly<Record<string, (tampering: Tampering) => Promise<Outcome>>> = {
  'cut at a boundary': async ({ bench, object, random }) => {
    const boundary = random.pick(object.classes).from;
    await truncate(object.path, boundary);
    return named(bench, object);
  },
  'cut anywhere': async ({ bench, object, random }) => {
    await truncate(object.path, random.below(object.bytes.length));
    return named(bench, object);
  },
  emptied: async ({ bench, object }) => {
    await truncate(object.path, 0);
    return named(bench, object);
  },
  prolonged: async ({ bench, object, random }) => {
    await writeFile(object.path, Buffer.concat([object.bytes, random.bytes(1 + random.below(100))]));
    return named(bench, object);
  },
  removed: async ({ bench, object }) => {
    // That a snapshot has gone is not to be seen in a repository: the row X11-rollback is about that.
    if (object.type === 'snapshots') return 'impossible';
    await rm(object.path);
    const { names, ...damage } = named(bench, object);
    return { ...damage, names: object.type === 'data' ? names : [] };
  },
  renamed: async ({ bench, object }) => {
    const name = otherName(object);
    if (object.type === 'config') return 'impossible';
    await place(pathOf(bench, object.type, name), object.bytes);
    await rm(object.path);
    // The old name of a pack is in the index; of all others the new one is seen.
    const names = object.type === 'data' ? [object.name] : [name, ...snapshotOnly(object)];
    return { ...named(bench, object), names: names.slice(0, 1), ...lostWith(bench, object) };
  },
  'swapped with another': async ({ bench, object, others, random }) => {
    if (others.length === 0) return 'impossible';
    const other = random.pick(others);
    await rename(object.path, `${object.path}.away`);
    await rename(other.path, object.path);
    await rename(`${object.path}.away`, other.path);
    const cost = new Set([...usersOf(bench, object), ...usersOf(bench, other)]);
    return { type: object.type, names: [object.name, other.name], cost };
  },
  'copied to another name': async ({ bench, object }) => {
    if (object.type === 'config') return 'impossible';
    const name = otherName(object);
    await place(pathOf(bench, object.type, name), object.bytes);
    // A pack that no index names is what a killed run leaves; a key file that cannot be used is passed over.
    if (object.type === 'data' || object.type === 'keys') return 'harmless';
    return { type: object.type, names: [name], cost: new Set() };
  },
  'planted in the place of another type': async ({ bench, object, random }) => {
    const type = random.pick((['index', 'snapshots'] as const).filter((other) => other !== object.type));
    const name = hash('sha256', object.bytes);
    await place(pathOf(bench, type, name), object.bytes);
    return { type, names: [name], cost: new Set() };
  },
};

async function judge(bench: DamageBench, outcome: Damage | 'harmless', { signal }: RowRun): Promise<void> {
  if (outcome === 'harmless') await assertHarmless(bench, signal);
  else await assertDetected(bench, outcome, signal);
}

function named(bench: DamageBench, object: StoredObject): Damage {
  return { type: object.type, names: [object.name], cost: usersOf(bench, object) };
}

/** Files that have a blob in a pack. */
function usersOf({ usersOf: users, blobs }: DamageBench, { name }: StoredObject): ReadonlySet<string> {
  const inPack = blobs.filter(({ pack }: BlobLocation) => pack === name);
  return new Set(inPack.flatMap(({ id }) => [...(users.get(id) ?? [])]));
}

function snapshotOnly({ type, name }: StoredObject): readonly string[] {
  return type === 'snapshots' ? [name] : [];
}

/** All of a snapshot that has no longer its own name. */
function lostWith({ snapshots }: DamageBench, { type, name }: StoredObject): Partial<Damage> {
  const lost = type === 'snapshots' ? snapshots.find(({ id }) => id === name) : undefined;
  return lost ? { cost: new Set(lost.files.keys()) } : {};
}

function otherName({ name }: StoredObject): string {
  return hash('sha256', name);
}

function pathOf({ folder }: DamageBench, type: ObjectType, name: string): string {
  return type === 'data' ? join(folder, 'data', name.slice(0, 2), name) : join(folder, type, name);
}
