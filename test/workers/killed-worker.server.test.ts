import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { startBackup } from '../../control/backup.ts';
import { type Control, connectControl } from '../../control/client.ts';
import { runResult } from '../../control/runs.ts';
import { Repository } from '../../repository/repository.ts';
import { Secret } from '../../secrets/secret.ts';
import { openStore } from '../../stores/open.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { resticProgram } from '../servers/restic.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { fillWithRandomFiles, type Installation, install } from './installation.ts';
import { packSizeBytes } from './pack-size.ts';
import { runWorkers } from './running-worker.ts';
import { startWorkerChild } from './worker-child.ts';

const run = promisify(execFile);
const files = { files: 30, bytesEach: 200_000 };
const sourceBytes = files.files * files.bytesEach;

const deaths = [
  { name: 'after pack put', count: 5, when: 'after some packs, before any index' },
  { name: 'before index put', count: 1, when: 'before the index' },
  { name: 'before snapshot put', count: 1, when: 'before the snapshot' },
  { name: 'after snapshot put', count: 1, when: 'after the snapshot, before anybody knew' },
];

describe('a backup whose worker is killed', () => {
  let server: TemporalServer;
  let control: Control;

  before(async () => {
    server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
    control = await connectControl({ settings: { address: server.address }, env: {} });
  });

  after(async () => {
    await control?.close();
    await server?.stop();
  });

  for (const { when, ...failpoint } of deaths) {
    test(`${when}, is finished by another worker with nothing stored twice`, async () => {
      const installation = await install({ address: server.address });
      try {
        await fillWithRandomFiles(installation.docs, files);
        await dieAndGoOn(control, installation, failpoint);
      } finally {
        await installation.remove();
      }
    });
  }
});

async function dieAndGoOn(
  control: Control,
  installation: Installation,
  failpoint: { readonly name: string; readonly count: number },
): Promise<void> {
  const child = await startWorkerChild(installation, failpoint);
  const backup = await startBackup(control, { source: 'docs' });
  await child.reached;
  await child.kill();
  const left = await installation.inventory();
  assert.ok(left.packs > 0, 'the killed worker had stored something');
  assert.equal(left.locks, 1, 'the killed worker left its lock');

  const worker = await runWorkers(installation, { repositoryOptions: { packSizeBytes } });
  try {
    const { snapshot } = await runResult(backup);
    const end = await installation.inventory();
    assert.deepEqual(
      (await installation.snapshots()).map(({ id }) => id),
      [snapshot],
    );
    assert.equal(end.locks, 0, 'no lock is left');
    assert.ok(end.packBytes < sourceBytes * 1.02 + packSizeBytes, `${end.packBytes} bytes are stored`);
    assert.equal(await unindexedPacks(installation), 0, 'the packs of the killed worker are used');
    await checkWithRestic(installation);
  } finally {
    await worker.stop();
  }
}

async function unindexedPacks({ repositoryPath, password }: Installation): Promise<number> {
  const repository = await Repository.open(await openStore(repositoryPath), new Secret(password));
  try {
    await repository.loadIndex();
    const packs = await Array.fromAsync(repository.store.list('data'));
    return packs.filter(({ name }) => !repository.index.hasPack(name)).length;
  } finally {
    await repository.close();
  }
}

async function checkWithRestic({ repositoryPath, password }: Installation): Promise<void> {
  const env = { ...process.env, RESTIC_PASSWORD: password, RESTIC_REPOSITORY: repositoryPath };
  await run(await resticProgram('0.19.1'), ['check', '--read-data', '--no-cache'], { env });
}
