import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { AuditLog } from '../../audit/log.ts';
import { startBackup } from '../../control/backup.ts';
import { openConfiguredCatalog } from '../../control/catalog.ts';
import { runResult } from '../../control/runs.ts';
import { Repository } from '../../repository/repository.ts';
import { Secret } from '../../secrets/secret.ts';
import { openStore } from '../../stores/open.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { startMailServer } from '../notify/mail-server.ts';
import { resticProgram } from '../servers/restic.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { type Bench, barrierAt, workBench } from './bench.ts';
import { fillWithRandomFiles, type Installation } from './installation.ts';
import { packSizeBytes } from './pack-size.ts';
import { runByHand } from './run-by-hand.ts';

const run = promisify(execFile);
const dayMs = 86_400_000;
const someFiles = { files: 12, bytesEach: 50_000 };

describe('the schedule repository_prune', () => {
  let server: TemporalServer;

  before(async () => {
    server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => server?.stop());

  test('forgets by the retention of each run, frees the space, and raises no alarm', async (t) => {
    const { installation, control } = await workBench(t, server.address);
    const first = await backUpNewFiles({ installation, control });
    await age(installation, first, { days: 200, tags: ['source:docs', 'retention:incremental'] });
    await age(installation, first, { days: 40, tags: ['source:docs', 'hold:audit'] });
    await age(installation, first, { days: 300, tags: ['of-somebody-else'] });
    await backUpNewFiles({ installation, control });
    await runByHand(control, 'securityMonitoring', {});
    const before = await installation.inventory();
    assert.equal(before.snapshots, 5);

    const dry = await runByHand(control, 'prune', { repository: 'main', dryRun: true });
    assert.partialDeepStrictEqual(dry, { dryRun: true, forgotten: 1, kept: 4, packsWritten: 0 });
    assert.deepEqual(await installation.inventory(), before);

    const result = await runByHand(control, 'prune', { schedule: 'repository_prune' });
    assert.partialDeepStrictEqual(result, { total: 1, done: 1, failed: 0 });
    const kept = await installation.snapshots();
    assert.equal(kept.length, 4);
    assert.ok(kept.some(({ tags }) => tags.includes('hold:audit')));
    assert.ok(kept.some(({ tags }) => tags.includes('of-somebody-else')));
    const { findings } = asFindings(await runByHand(control, 'securityMonitoring', {}));
    assert.deepEqual(
      findings.filter(({ check }) => check === 'snapshots'),
      [],
    );
    await assertAudited(installation, ['snapshot.forget started', 'prune.run done', 'sweep.run done']);
    await resticChecks(installation);
  });

  test('frees what forgotten snapshots alone needed', async (t) => {
    const { installation, control } = await workBench(t, server.address, {
      worker: { repositoryOptions: { packSizeBytes } },
    });
    const first = await backUpNewFiles({ installation, control });
    await age(installation, first, { days: 60, tags: ['source:docs'] });
    await remove(installation, first);
    await backUpNewFiles({ installation, control });
    const before = await installation.inventory();
    const result = await runByHand(control, 'prune', { repository: 'main' });
    assert.partialDeepStrictEqual(result, { forgotten: 1, kept: 1, heldBack: [] });
    const after = await installation.inventory();
    assert.equal(after.snapshots, 1);
    assert.ok(after.packBytes < before.packBytes * 0.6, `${after.packBytes} of ${before.packBytes} bytes`);
    await resticChecks(installation);
  });

  test('removes nothing of a source with a burst of snapshots, and tells people why', async (t) => {
    await using mail = await startMailServer();
    const { installation, control } = await workBench(t, server.address, {
      installation: { more: mailTo(mail.port) },
    });
    const newest = await backUpNewFiles({ installation, control });
    await age(installation, newest, { days: 60, tags: ['source:docs'] });
    for (let number = 0; number < 15; number += 1) {
      await age(installation, newest, { days: number / 100, tags: ['source:docs', `burst-${number}`] });
    }
    const result = await runByHand(control, 'prune', { repository: 'main' });
    assert.partialDeepStrictEqual(result, { forgotten: 0, heldBack: [{ source: 'docs' }] });
    const [message] = mail.received;
    assert.match(message?.content ?? '', /snapshots were made in the last 24 hours/);
    assert.match(message?.content.replaceAll('=\r\n', '') ?? '', /forget --repository main --yes/);
  });

  test('forgets nothing where the last verification found damage', async (t) => {
    const { installation, control } = await workBench(t, server.address);
    const newest = await backUpNewFiles({ installation, control });
    await age(installation, newest, { days: 60, tags: ['source:docs'] });
    const [pack = ''] = await packsOf(installation);
    await writeFile(pack, 'junk');
    await assert.rejects(runByHand(control, 'verification', { repository: 'main', readDataPercent: 100 }));
    await assert.rejects(runByHand(control, 'prune', { repository: 'main' }), (error: Error) => {
      assert.match(String(error.cause), /found damage in main: nothing is forgotten in it/);
      return true;
    });
    assert.equal((await installation.inventory()).snapshots, 2);
  });

  test('waits for a backup that is under way', async (t) => {
    const barrier = barrierAt('after pack put');
    const { installation, control, worker } = await workBench(t, server.address, {
      worker: { repositoryOptions: { packSizeBytes, failpoint: barrier.failpoint } },
    });
    await fillWithRandomFiles(installation.docs, someFiles);
    const backup = await startBackup(control, { source: 'docs' });
    await barrier.reached;
    const pruned = runByHand(control, 'prune', { repository: 'main' });
    await worker.logged('A step failed');
    barrier.release();
    assert.equal((await runResult(backup)).status, 'done');
    assert.partialDeepStrictEqual(await pruned, { forgotten: 0, kept: 1 });
  });

  test('sweeps what killed runs left, and nothing that may be in use', async (t) => {
    const { installation, control } = await workBench(t, server.address);
    await backUpNewFiles({ installation, control });
    const { repositoryPath, folder } = installation;
    const old = new Date(Date.now() - 2 * dayMs);
    const left = [
      path.join(repositoryPath, 'index', `${'a'.repeat(64)}.tmp-0123456789abcdef`),
      path.join(folder, 'state', 'status.json.4711.tmp'),
    ];
    const young = path.join(folder, 'state', 'status.json.4712.tmp');
    for (const file of [...left, young]) await writeFile(file, '');
    for (const file of left) await utimes(file, old, old);
    assert.partialDeepStrictEqual(await runByHand(control, 'sweep', {}), { files: 1, problems: [] });
    assert.deepEqual(
      (await readdir(path.join(folder, 'state'))).filter((name) => name.endsWith('.tmp')),
      ['status.json.4712.tmp'],
    );
    const index = await readdir(path.join(repositoryPath, 'index'));
    assert.deepEqual(
      index.filter((name) => name.includes('tmp')),
      [],
    );
  });
});

type Place = Pick<Bench, 'installation' | 'control'>;

/** Backs up files that take the place of those before; returns the id of the snapshot. */
async function backUpNewFiles({ installation: { docs }, control }: Place): Promise<string> {
  for (const name of await readdir(docs)) await rm(path.join(docs, name), { recursive: true });
  await fillWithRandomFiles(docs, someFiles);
  return (await runResult(await startBackup(control, { source: 'docs' }))).snapshot;
}

interface Aged {
  readonly days: number;
  readonly tags: readonly string[];
}

/** Writes the snapshot once more, as if it had been made so many days ago; returns its id. */
async function age(installation: Installation, id: string, { days, tags }: Aged): Promise<string> {
  const repository = await open(installation);
  try {
    const { tree, paths, hostname, username, summary } = await repository.findSnapshot(id);
    assert.ok(summary);
    const time = new Date(Date.now() - days * dayMs).toISOString();
    const when = { time, backupStart: time, backupEnd: time };
    const draft = { ...when, tree, paths, hostname, username, tags, summary, programVersion: 'test' };
    await repository.loadIndex();
    return await repository.commitSnapshot(draft);
  } finally {
    await repository.close();
  }
}

/** Takes a snapshot away. */
async function remove(installation: Installation, id: string): Promise<void> {
  const repository = await open(installation);
  try {
    await repository.store.remove({ type: 'snapshot', name: id });
  } finally {
    await repository.close();
  }
}

async function open({ repositoryPath, password }: Installation): Promise<Repository> {
  return await Repository.open(await openStore(repositoryPath), new Secret(password));
}

async function packsOf({ repositoryPath }: Installation): Promise<readonly string[]> {
  const folder = path.join(repositoryPath, 'data');
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => /[0-9a-f]{64}$/.test(name)).map((name) => path.join(folder, name));
}

async function assertAudited({ configuration }: Installation, wanted: readonly string[]): Promise<void> {
  const catalog = await openConfiguredCatalog(configuration, { env: process.env });
  try {
    const entries = await new AuditLog(catalog.database).entries();
    const found = entries.map(({ action, outcome }) => `${action} ${outcome}`);
    for (const entry of wanted) assert.ok(found.includes(entry), `${entry}: ${found.join()}`);
  } finally {
    await catalog.close();
  }
}

/** Whether restic itself finds the repository whole. */
async function resticChecks({ repositoryPath, password }: Installation): Promise<void> {
  const env = { ...process.env, RESTIC_REPOSITORY: repositoryPath, RESTIC_PASSWORD: password };
  await run(await resticProgram('0.19.1'), ['check', '--read-data', '--no-cache'], { env });
}

function asFindings(result: unknown): { readonly findings: readonly { readonly check: string }[] } {
  assert.ok(typeof result === 'object' && result !== null && 'findings' in result);
  assert.ok(Array.isArray(result.findings));
  return { findings: result.findings };
}

function mailTo(port: number): string {
  return `notifications:
  channels:
    post: { kind: email, to: [ops@example.com], smtp: { host: 127.0.0.1, port: ${port} } }`;
}
