import assert from 'node:assert/strict';
import { rm, truncate, writeFile } from 'node:fs/promises';
import { runCommand } from '../../test/cli/command-line.ts';
import { temporaryFolder } from '../../test/repository/temporary-folder.ts';
import { testPassword } from '../../test/repository/test-repository.ts';
import { type DamageBench, damageBench } from '../damage/bench.ts';
import { putBack, readAll } from '../damage/files.ts';
import { assertRestores } from '../damage/judge.ts';
import { type StoredObject, storedObjects } from '../damage/objects.ts';
import { damagesOf, open } from '../engine.ts';
import type { Random } from '../random.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';

export const repairs: Row = {
  id: 'X10-repair',
  title: 'repair gets back every file that damage to a pack does not concern, and leaves a sound repository',
  counts: { test: 1, soak: 60 },
  run: async (run) => {
    const bench = await damageBench(run);
    const whole = await readAll(bench.folder);
    const packs = (await storedObjects(bench)).filter(({ type }) => type === 'data');
    const harms = Object.entries(packDamages);
    const first = run.random.below(harms.length);
    for (const { number, random } of run.cases()) {
      const [name, damage] = harms[(first + number) % harms.length] ?? [];
      if (name === undefined || damage === undefined) return;
      const pack = random.pick(packs);
      await run.check(name, async () => {
        const lost = await damage(pack, random);
        await repair(bench, pack, await temporaryFolder(run));
        await assertRepaired(bench, lost, run);
      });
      await putBack(bench.folder, whole);
    }
  },
};

/** Damages a pack; returns the ids of blobs that are lost by that. */
export const packDamages: Readonly<
  Record<string, (pack: StoredObject, random: Random) => Promise<readonly string[]>>
> = {
  'a flipped bit': async (pack, random) => {
    const bytes = random.pick(pack.classes);
    const flipped = Buffer.from(pack.bytes);
    const position = bytes.from + random.below(bytes.to - bytes.from);
    flipped[position] = (flipped[position] ?? 0) ^ (1 << random.below(8));
    await writeFile(pack.path, flipped);
    return bytes.blob ? [bytes.blob.id] : [];
  },
  'a pack that is cut': async (pack, random) => {
    const length = random.below(pack.bytes.length);
    await truncate(pack.path, length);
    return blobsOf(pack);
  },
  'a pack that is gone': async (pack) => {
    await rm(pack.path);
    return blobsOf(pack);
  },
  'a pack that is another': async (pack, random) => {
    await writeFile(pack.path, random.bytes(pack.bytes.length));
    return blobsOf(pack);
  },
};

function blobsOf({ classes }: StoredObject): readonly string[] {
  return classes.flatMap(({ blob }) => blob?.id ?? []);
}

/** What a person does whom `repo check --read-data` told of a damaged pack, which is kept in the folder `cwd`. */
async function repair({ folder }: DamageBench, { name }: StoredObject, cwd: string): Promise<void> {
  const env = { RESTIC_REPOSITORY: folder, RESGUARDO_PASSWORD: testPassword.reveal() };
  for (const args of [['packs', name], ['index'], ['snapshots', '--forget']]) {
    const { stderr } = await runCommand(['repo', 'repair', ...args], { env, cwd });
    assert.doesNotMatch(stderr, /fault of Resguardo/);
  }
}

/** Asserts that a repository is sound again, and that files without the lost blobs are as they were. */
export async function assertRepaired(
  bench: DamageBench,
  lost: readonly string[],
  run: RowRun,
): Promise<void> {
  const { folder, snapshots, usersOf } = bench;
  assert.deepEqual(await damagesOf(folder, run.signal), []);
  const repository = await open(folder);
  const present = await Array.fromAsync(repository.snapshots());
  const cost = new Set(lost.flatMap((id) => [...(usersOf.get(id) ?? [])]));
  for (const { id, files } of snapshots) {
    const repaired = present.find((snapshot) => snapshot.id === id || snapshot.original === id);
    const kept = new Map([...files].filter(([path]) => !cost.has(path)));
    if (!repaired) assert.equal(kept.size, 0, `the snapshot ${id} is gone with ${kept.size} whole files`);
    else
      await assertRestores({ folder, snapshots: [{ id: repaired.id, files }] }, cost, {
        signal: run.signal,
        isTold: true,
      });
  }
}
