import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { agedRepository, assertSnapshotsWhole } from './aged-repository.ts';
import { pruneAll } from './prune-all.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('killed-prune.ts', import.meta.url));

const kills = [
  ['before lock put', 0],
  ['after lock put', 0],
  ['before pack remove', 0],
  ['after pack remove', 0],
  ['before pack put', 0],
  ['after pack put', 0],
  ['before pack put', 1],
  ['after pack put', 1],
  ['before index put', 0],
  ['after index put', 0],
  ['before index put', 1],
  ['after index put', 1],
  ['before index remove', 0],
  ['after index remove', 0],
  ['after index remove', 1],
  ['before index remove', 3],
  ['before pack remove', 1],
  ['after pack remove', 1],
  ['after pack remove', 3],
] as const;

for (const [failpoint, passes] of kills) {
  test(`a prune killed ${failpoint}, at pass ${passes}, loses nothing, and the next one finishes it`, async (t) => {
    const aged = await agedRepository(t);
    const killed = run(process.execPath, [program, aged.folder, failpoint, String(passes)]);
    await assert.rejects(killed, { signal: 'SIGKILL' });
    await assertSnapshotsWhole(t, aged);

    await pruneAll(await aged.reopen());
    assert.deepEqual(await assertSnapshotsWhole(t, aged), [], 'no pack is without an index');
    assert.deepEqual(await readdir(join(aged.folder, 'locks')), []);
    const again = await pruneAll(await aged.reopen());
    assert.deepEqual(
      again,
      { packsRemoved: 0, packsMarked: 0, packsWritten: 0, indexFilesRemoved: 0 },
      'nothing is left to do',
    );
  });
}

const delayedKills = [
  ['after index put', 1],
  ['before index remove', 0],
  ['after index remove', 1],
] as const;

for (const [failpoint, passes] of delayedKills) {
  test(`a prune with a delay killed ${failpoint}, at pass ${passes}, is finished by later ones`, async (t) => {
    const aged = await agedRepository(t);
    const delay = ['3600000'];
    const killed = run(process.execPath, [program, aged.folder, failpoint, String(passes), ...delay]);
    await assert.rejects(killed, { signal: 'SIGKILL' });
    await assertSnapshotsWhole(t, aged);
    await pruneAll(await aged.reopen(), { deleteDelayMs: 3_600_000 });
    await assertSnapshotsWhole(t, aged);
    await pruneAll(await aged.reopen(), { deleteDelayMs: 3_600_000, nowMs: Date.now() + 3_600_000 });
    assert.deepEqual(await assertSnapshotsWhole(t, aged), [], 'no pack is marked or without an index');
  });
}
