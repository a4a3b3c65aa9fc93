import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DamageBench, damageBench } from '../damage/bench.ts';
import { assertDetected, type Cost, nothing } from '../damage/judge.ts';
import { type ByteClass, plantLock, type StoredObject, storedObjects } from '../damage/objects.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';

export const bitFlips: Row = {
  id: 'X10',
  title: 'a flipped bit in any class of bytes of any file is found and named, and no wrong byte is restored',
  counts: { test: 34, soak: 3000 },
  run: async (run) => {
    const bench = await damageBench(run);
    const objects = await objectsOf(bench);
    const classes = Map.groupBy(
      objects.flatMap((object) => object.classes.map((bytes) => ({ object, bytes }))),
      ({ bytes }) => bytes.name,
    );
    const names = [...classes.keys()];
    for (const { number, random } of run.cases()) {
      const name = names[number % names.length] ?? '';
      const { object, bytes } = random.pick(classes.get(name) ?? []);
      const position = bytes.from + random.below(bytes.to - bytes.from);
      const mask = 1 << random.below(8);
      await run.check(name, () => flipBit(bench, { object, bytes, position, mask }, run));
    }
  },
};

/** Every byte of every file outside of packs, one bit of each. */
export const smallFiles: Row = {
  id: 'X10-every-byte',
  title: 'no byte of a config, key, index, snapshot or lock can change without being found and named',
  counts: { test: 15, soak: 100_000 },
  run: async (run) => {
    const bench = await damageBench(run);
    const small = (await objectsOf(bench)).filter(({ type }) => type !== 'data');
    const bytes = small.flatMap((object) =>
      object.classes.flatMap((bytes) =>
        Array.from({ length: bytes.to - bytes.from }, (_, index) => ({ object, bytes, index })),
      ),
    );
    // A step that has no factor in common with the number of bytes comes to each of them once.
    const step = bytes.length < run.count ? 1 : Math.floor(bytes.length / run.count);
    let next = 0;
    for (const { random } of run.cases(Math.min(run.count, bytes.length))) {
      const chosen = bytes[next];
      next += step;
      if (!chosen) return;
      const position = chosen.bytes.from + chosen.index;
      const mask = 1 << random.below(8);
      const flip = { object: chosen.object, bytes: chosen.bytes, position, mask };
      await run.check(chosen.object.type, () => flipBit(bench, flip, run));
    }
  },
};

/** With a lock, which is only there while it is damaged: a whole one would stand in the way. */
async function objectsOf(bench: DamageBench): Promise<readonly StoredObject[]> {
  await plantLock(bench.folder);
  const objects = await storedObjects(bench);
  for (const { type, path } of objects) if (type === 'locks') await rm(path);
  return objects;
}

interface Flip {
  readonly object: StoredObject;
  readonly bytes: ByteClass;
  readonly position: number;
  readonly mask: number;
}

async function flipBit(
  bench: DamageBench,
  { object, bytes, position, mask }: Flip,
  { signal }: RowRun,
): Promise<void> {
  const index = await filesIn(join(bench.folder, 'index'));
  const flipped = Buffer.from(object.bytes);
  flipped[position] = (flipped[position] ?? 0) ^ mask;
  try {
    await writeFile(object.path, flipped);
    await assertDetected(bench, object, { cost: costOf(bench, bytes), signal });
  } finally {
    if (object.type === 'locks') await rm(object.path);
    else await writeFile(object.path, object.bytes);
    if (object.type === 'index') await putBack(join(bench.folder, 'index'), index);
  }
}

/** Files that have a blob are lost with it; the header of a pack is only needed when the index is lost. */
function costOf({ usersOf }: DamageBench, { blob }: ByteClass): Cost {
  return blob ? { files: usersOf.get(blob.id) ?? new Set() } : nothing;
}

async function filesIn(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const names = await readdir(folder);
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)),
  );
}

/** Undoes what a rebuilt index has changed. */
async function putBack(folder: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const name of await readdir(folder)) if (!files.has(name)) await rm(join(folder, name));
  for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
}
