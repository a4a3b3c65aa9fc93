import assert from 'node:assert/strict';
import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Failure, isFailure } from '../../contracts/failures.ts';
import type { ReplicationResult } from '../../contracts/jobs.ts';
import { startBackup } from '../../control/backup.ts';
import { openConfiguredCatalog } from '../../control/catalog.ts';
import type { Control } from '../../control/client.ts';
import { startReplication } from '../../control/replication.ts';
import { runResult } from '../../control/runs.ts';
import { sourceStates } from '../../control/sources.ts';
import { Repository } from '../../repository/repository.ts';
import { Secret } from '../../secrets/secret.ts';
import { openStore } from '../../stores/open.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { Restic } from '../repository/interop/restic.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { workBench } from './bench.ts';
import { fillWithRandomFiles, type Installation } from './installation.ts';
import { runByHand } from './run-by-hand.ts';

const someFiles = { files: 12, bytesEach: 100_000 };
const secondKey = 'another key';
const second = '  second: { url: second, password: "file:second.key" }';

describe('copies', () => {
  let server: TemporalServer;

  before(async () => {
    server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => server?.stop());

  test('of a backup are made by a run of their own, with another key, and restic reads them', async (t) => {
    const { installation, control } = await benchWithCopies(t, server);
    await fillWithRandomFiles(installation.docs, someFiles);
    const backup = await runResult(await startBackup(control, { source: 'docs' }));
    assert.deepEqual(backup.copies, ['second']);
    const copied = await replication(control, 'second');
    assert.partialDeepStrictEqual(copied, { repository: 'second', snapshots: 1 });

    const [copy] = await snapshotsOf(installation, 'second');
    assert.equal(copy?.original, backup.snapshot);
    const place = path.join(installation.folder, 'second');
    const restic = await Restic.of('0.19.1', place, new Secret(secondKey));
    assert.match(await restic.run('check', '--read-data'), /no errors were found/);
    const [original, other] = await polynomials(installation);
    assert.equal(other, original, 'direct backups into the copy would deduplicate');

    await appendFile(path.join(installation.docs, 'part-1', 'file-1.bin'), 'more');
    await runResult(await startBackup(control, { source: 'docs' }));
    const again = await replication(control, 'second');
    assert.partialDeepStrictEqual(again, { snapshots: 1 });
    assert.ok(again.bytes < 300_000, `${again.bytes} bytes for one changed file`);
    assert.deepEqual(
      (await debts(installation)).map(({ snapshots }) => snapshots),
      [0],
    );
  });

  test('catch up by themselves when a repository was away, and show meanwhile what they lack', async (t) => {
    let failures = 1;
    const isAway = (name: string): boolean => name === 'before snapshot put' && failures-- > 0;
    let armed = false;
    const { installation, control } = await benchWithCopies(t, server, {
      failpoint: async (name) => {
        if (armed && isAway(name)) throw new Failure('StoreUnavailable', 'The line is down');
      },
      defaultCopies: '[]',
    });
    await fillWithRandomFiles(installation.docs, someFiles);
    await runResult(await startBackup(control, { source: 'docs', copies: [] }));
    armed = true;
    const run = await startReplication(control, { repository: 'second', sources: ['docs'] });
    assert.partialDeepStrictEqual(await runResult(run), { snapshots: 1 });
    assert.ok(failures < 0, 'the line was down');
    assert.equal((await snapshotsOf(installation, 'second')).length, 1);
  });

  test('that cannot be made fail nobody else, and are told of with the mend', async (t) => {
    const { installation, control } = await benchWithCopies(t, server, {
      moreRepositories: `${second}\n  third: { url: third, password: "file:absent.key" }`,
      defaultCopies: '[second, third]',
    });
    await fillWithRandomFiles(installation.docs, someFiles);
    const backup = await runResult(await startBackup(control, { source: 'docs' }));
    assert.equal(backup.status, 'done');
    assert.partialDeepStrictEqual(await replication(control, 'second'), { snapshots: 1 });
    await assert.rejects(replication(control, 'third'), (error) => isFailure(error, 'SecretUnavailable'));
    const result = await runByHand(control, 'replicate', {});
    assert.partialDeepStrictEqual(result, { total: 2, done: 1, failed: 1 });
    const owed = await debts(installation);
    assert.deepEqual(
      owed.map(({ repository, snapshots }) => [repository, snapshots]),
      [
        ['second', 0],
        ['third', 1],
      ],
    );
  });

  test('are not made into an empty folder where a repository was before', async (t) => {
    const { installation, control } = await benchWithCopies(t, server);
    await fillWithRandomFiles(installation.docs, someFiles);
    await runResult(await startBackup(control, { source: 'docs' }));
    await replication(control, 'second');
    const folder = path.join(installation.folder, 'second');
    await rename(folder, `${folder}-mounted`);
    await mkdir(folder);
    await runResult(await startBackup(control, { source: 'docs' }));
    await assert.rejects(
      replication(control, 'second'),
      (error) => isFailure(error, 'RepositoryNotFound') && /Mount the disk/.test(error.advice),
    );
    assert.deepEqual(
      (await debts(installation)).map(({ snapshots }) => snapshots),
      [1],
    );
    await rm(folder, { recursive: true });
    await rename(`${folder}-mounted`, folder);
    assert.partialDeepStrictEqual(await runByHand(control, 'replicate', {}), { total: 1, done: 1 });
    assert.equal((await snapshotsOf(installation, 'second')).length, 2);
  });

  test('of a repository that the configuration does not have are refused by name', async (t) => {
    const { control } = await benchWithCopies(t, server);
    await assert.rejects(
      replicationOf(control, { repository: 'nowhere' }),
      (error) =>
        isFailure(error, 'InvalidInput') &&
        /no repository "nowhere"; it has main, second/.test(error.message),
    );
  });
});

interface CopyOptions {
  readonly moreRepositories?: string;
  readonly defaultCopies?: string;
  readonly failpoint?: (name: string) => Promise<void>;
}

async function benchWithCopies(
  t: Parameters<typeof workBench>[0],
  { address }: TemporalServer,
  { moreRepositories = second, defaultCopies = '[second]', failpoint }: CopyOptions = {},
) {
  const bench = await workBench(t, address, {
    installation: { moreRepositories, more: `defaultRepository: main\ndefaultCopies: ${defaultCopies}` },
    ...(failpoint && { worker: { repositoryOptions: { failpoint } } }),
  });
  await writeFile(path.join(bench.installation.folder, 'second.key'), secondKey, { mode: 0o600 });
  return bench;
}

/** The result of the run that copies, which a backup has started. */
function replication(control: Control, repository: string) {
  return replicationOf(control, { repository });
}

async function replicationOf(
  control: Control,
  { repository }: { readonly repository: string },
): Promise<ReplicationResult> {
  const handle = control.client.workflow.getHandle(`replicate/${repository}`);
  const description = await handle.describe().catch(() => undefined);
  const runId = description?.runId;
  if (runId === undefined) return await runResult(await startReplication(control, { repository }));
  return await runResult({
    workflowId: handle.workflowId,
    runId,
    joined: true,
    control,
    handle: control.client.workflow.getHandle<() => Promise<ReplicationResult>>(handle.workflowId, runId),
  });
}

async function snapshotsOf({ folder }: Installation, name: string) {
  const repository = await Repository.open(await openStore(path.join(folder, name)), new Secret(secondKey));
  try {
    return await Array.fromAsync(repository.snapshots());
  } finally {
    await repository.close();
  }
}

async function polynomials({ folder, repositoryPath, password }: Installation) {
  const opened = await Promise.all([
    Repository.open(await openStore(repositoryPath), new Secret(password)),
    Repository.open(await openStore(path.join(folder, 'second')), new Secret(secondKey)),
  ]);
  await Promise.all(opened.map((repository) => repository.close()));
  return opened.map(({ chunkerPolynomial }) => chunkerPolynomial);
}

async function debts({ configuration }: Installation) {
  const catalog = await openConfiguredCatalog(configuration, { env: process.env });
  try {
    return (await sourceStates(configuration, catalog)).flatMap(({ copies }) => copies);
  } finally {
    await catalog.close();
  }
}
