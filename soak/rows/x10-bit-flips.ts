import { rm, writeFile } from 'node:fs/promises';
import { type DamageBench, damageBench } from '../damage/bench.ts';
import { putBack, readAll } from '../damage/files.ts';
import { assertDetected } from '../damage/judge.ts';
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
    // Fewer cases are spread over all files.
    const step = bytes.length < run.count ? 1 : Math.floor(bytes.length / run.count);
    for (const { number, random } of run.cases(Math.min(run.count, bytes.length))) {
      const chosen = bytes[number * step];
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
  const before = await readAll(bench.folder);
  const flipped = Buffer.from(object.bytes);
  flipped[position] = (flipped[position] ?? 0) ^ mask;
  try {
    await writeFile(object.path, flipped);
    const { type, name } = object;
    await assertDetected(bench, { type, names: [name], cost: costOf(bench, bytes) }, signal);
  } finally {
    await putBack(bench.folder, before);
  }
}

/** Files that have a blob are lost with it; the header of a pack is only needed when the index is lost. */
function costOf({ usersOf }: DamageBench, { blob }: ByteClass): ReadonlySet<string> {
  return (blob && usersOf.get(blob.id)) ?? new Set();
}
