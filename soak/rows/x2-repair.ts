import assert from 'node:assert/strict';
import { type DamageBench, damageBench } from '../damage/bench.ts';
import { putBack, readAll } from '../damage/files.ts';
import { assertRestores } from '../damage/judge.ts';
import { type StoredObject, storedObjects } from '../damage/objects.ts';
import { assertNoOrphans, open } from '../engine.ts';
import { repairNames } from '../operations/names.ts';
import { carryOut } from '../operations/start.ts';
import type { Random } from '../random.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';
import { assertRepaired, packDamages } from './x10-repair.ts';

export const killedRepairs: Row = {
  id: 'X2-repair',
  title:
    'a repair of packs, index or snapshots that is killed at any step loses nothing more, and the next does it',
  counts: { test: 1, soak: 300 },
  run: async (run) => {
    const bench = await damageBench(run);
    const whole = await readAll(bench.folder);
    const packs = (await storedObjects(bench)).filter(({ type }) => type === 'data');
    const harms = Object.entries(packDamages);
    for (const { number, random } of run.cases()) {
      const repair = repairNames[number % repairNames.length] ?? 'repair-packs';
      const [name, damage] = harms[Math.floor(number / repairNames.length) % harms.length] ?? [];
      if (name === undefined || damage === undefined) return;
      const pack = random.pick(packs);
      await run.check(`${repair} of ${name}`, async () => {
        const lost = await damage(pack, random);
        await killAndRepair({ bench, pack, lost }, { repair, random, run });
      });
      await putBack(bench.folder, whole);
    }
  },
};

interface DamagedPlace {
  readonly bench: DamageBench;
  readonly pack: StoredObject;
  /** Blobs that are lost. */
  readonly lost: readonly string[];
}

interface Kill {
  /** The repair that is killed; those before it have gone well. */
  readonly repair: (typeof repairNames)[number];
  readonly random: Random;
  readonly run: RowRun;
}

async function killAndRepair(place: DamagedPlace, { repair, random, run }: Kill): Promise<void> {
  const { bench, pack, lost } = place;
  const parts = { folder: bench.folder, source: pack.name };
  const repairAll = async (): Promise<void> => {
    for (const name of repairNames) await carryOut(name, parts, 'none');
  };
  for (const name of repairNames.slice(0, repairNames.indexOf(repair))) await carryOut(name, parts, 'none');
  const before = await readAll(bench.folder);
  const steps = await carryOut(repair, parts, 'none');
  await putBack(bench.folder, before);
  run.figure(`steps of ${repair}`, steps);
  await assert.rejects(carryOut(repair, parts, random.below(steps)), { signal: 'SIGKILL' });
  await assertNothingMoreLost(place, run);
  await repairAll();
  await assertRepaired(bench, lost, run);
  await assertNoOrphans(bench.folder);
}

/** Files that the damage does not concern restore, from the snapshot or from the repaired one. */
async function assertNothingMoreLost({ bench, lost }: DamagedPlace, { signal }: RowRun): Promise<void> {
  const cost = new Set(lost.flatMap((id) => [...(bench.usersOf.get(id) ?? [])]));
  const repository = await open(bench.folder);
  const present = await Array.fromAsync(repository.snapshots());
  for (const { id, files } of bench.snapshots) {
    const kept = [...files.keys()].filter((path) => !cost.has(path));
    const found = present.filter((snapshot) => snapshot.id === id || snapshot.original === id);
    assert.ok(found.length > 0 || kept.length === 0, `the snapshot ${id} is gone`);
    for (const snapshot of found)
      await assertRestores({ folder: bench.folder, snapshots: [{ id: snapshot.id, files }] }, cost, {
        signal,
        isTold: true,
      });
  }
}
