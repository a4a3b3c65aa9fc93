import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import proto from '@temporalio/proto';
import { AuditLog } from '../../audit/log.ts';
import { controlQueue } from '../../contracts/queues.ts';
import { scheduledWorkflowTypes, scheduleIds } from '../../contracts/schedules.ts';
import { startBackup } from '../../control/backup.ts';
import { openConfiguredCatalog } from '../../control/catalog.ts';
import type { Control } from '../../control/client.ts';
import { runResult } from '../../control/runs.ts';
import { applyConfiguredSchedules } from '../../control/schedules.ts';
import { triggerSchedule } from '../../schedules/operate.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { startMailServer } from '../notify/mail-server.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { barrierAt, workBench } from './bench.ts';
import { fillWithRandomFiles, type Installation } from './installation.ts';
import { packSizeBytes } from './pack-size.ts';
import { runByHand } from './run-by-hand.ts';

const someFiles = { files: 12, bytesEach: 50_000 };
const mostEvents = 1000;

describe('the schedules', () => {
  let server: TemporalServer;

  before(async () => {
    server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => server?.stop());

  test('all do their duty when they are triggered, in short histories without secrets', async (t) => {
    const { installation, control } = await workBench(t, server.address, {
      installation: { moreSources: '  notes: { kind: files, paths: [notes] }' },
    });
    await mkdir(path.join(installation.folder, 'notes'));
    await fillWithRandomFiles(path.join(installation.folder, 'notes'), someFiles);
    await fillWithRandomFiles(installation.docs, someFiles);
    await applyConfiguredSchedules(control, installation.configuration.schedules);

    const results: Record<string, unknown> = {};
    for (const id of scheduleIds) {
      const { workflowId, result } = await trigger(control, id);
      results[id] = result;
      const history = await historyOf(control, workflowId);
      assert.ok(history.events < mostEvents, `${id}: ${history.events} events`);
      t.diagnostic(`${id}: ${history.events} events, ${history.bytes} bytes`);
      assert.equal(history.text.includes(installation.password), false);
    }
    await removeSchedules(control);
    const { automated_backups, incremental_backups } = results;
    for (const result of [automated_backups, incremental_backups]) {
      assert.partialDeepStrictEqual(result, { total: 2, done: 2, failed: 0, merged: 0, failures: [] });
    }
    assert.partialDeepStrictEqual(results.security_monitoring, { criticals: 0, warnings: 0 });
    assert.partialDeepStrictEqual(results.backup_verification, { total: 1, done: 1 });
    assert.match(JSON.stringify(results.k8s_backups), /No cluster is configured/);
    assert.partialDeepStrictEqual(results.backup_analytics_report, { runs: 4, failed: 0 });
    assert.partialDeepStrictEqual(results.backup_compliance_check, { criticals: 0, warnings: 0 });
    assert.partialDeepStrictEqual(results.repository_prune, { total: 1, done: 1, failed: 0 });

    const snapshots = await installation.snapshots();
    const tags = snapshots.map(({ tags }) => tags.filter((tag) => /^(schedule|retention):/.test(tag)).join());
    assert.deepEqual(tags.toSorted(), [
      'schedule:automated_backups,retention:daily',
      'schedule:automated_backups,retention:daily',
      'schedule:incremental_backups,retention:incremental',
      'schedule:incremental_backups,retention:incremental',
    ]);
    await assertReport(installation, results.backup_analytics_report);
    await assertRecorded(installation);
  });

  test('back up the other sources when one fails, and tell of that one alone', async (t) => {
    await using mail = await startMailServer();
    const { installation, control } = await workBench(t, server.address, {
      installation: { moreSources: '  gone: { kind: files, paths: [gone] }', more: mailTo(mail.port) },
    });
    await fillWithRandomFiles(installation.docs, someFiles);
    const result = await runByHand(control, 'dailyBackup', {});
    assert.partialDeepStrictEqual(result, { total: 2, done: 1, failed: 1 });
    assert.match(JSON.stringify(result), /"name":"gone","failure":"SourceMissing"/);
    assert.equal((await installation.inventory()).snapshots, 1);
    assert.deepEqual(subjects(mail), ['[Resguardo] FAILED: Backup of gone']);
  });

  test('merge into a backup that is under way, whose snapshot is then kept as long', async (t) => {
    const barrier = barrierAt('after pack put');
    const { installation, control } = await workBench(t, server.address, {
      worker: { repositoryOptions: { packSizeBytes, failpoint: barrier.failpoint } },
    });
    await fillWithRandomFiles(installation.docs, someFiles);
    const run = await startBackup(control, { source: 'docs', retention: 'incremental' });
    await barrier.reached;
    const result = await runByHand(control, 'dailyBackup', { schedule: 'automated_backups' });
    assert.partialDeepStrictEqual(result, { total: 1, done: 0, merged: 1, mergedNames: ['docs'] });
    barrier.release();
    assert.equal((await runResult(run)).status, 'done');
    const [snapshot] = await installation.snapshots();
    const tags = snapshot?.tags ?? [];
    assert.ok(tags.includes('retention:daily'), tags.join());
    assert.ok(tags.includes('schedule:automated_backups'));
  });

  test('cancel the backups that they have started when they are cancelled', async (t) => {
    const barrier = barrierAt('after pack put');
    const { installation, control, worker } = await workBench(t, server.address, {
      worker: { repositoryOptions: { packSizeBytes, failpoint: barrier.failpoint } },
    });
    await fillWithRandomFiles(installation.docs, someFiles);
    const workflowId = `by-hand/${installation.folder}`;
    const run = await control.client.workflow.start('dailyBackup', {
      taskQueue: 'resguardo',
      workflowId,
      args: [{}],
    });
    await barrier.reached;
    await run.cancel();
    await worker.logged('A step is asked to stop');
    barrier.release();
    await assert.rejects(run.result());
    const child = await control.client.workflow.getHandle('backup/docs').describe();
    assert.equal(child.status.name, 'CANCELLED');
    const { snapshots, locks } = await installation.inventory();
    assert.deepEqual({ snapshots, locks }, { snapshots: 0, locks: 0 });
  });

  test('tell of a finding once, and of its end', async (t) => {
    await using mail = await startMailServer();
    const { installation, control } = await workBench(t, server.address, {
      installation: { more: mailTo(mail.port) },
    });
    const { docs, repositoryPath } = installation;
    await fillWithRandomFiles(docs, someFiles);
    await runResult(await startBackup(control, { source: 'docs' }));
    const monitor = () => runByHand(control, 'securityMonitoring', {});
    await monitor();
    assert.deepEqual(subjects(mail), []);

    await chmod(repositoryPath, 0o777);
    assert.partialDeepStrictEqual(await monitor(), { criticals: 1 });
    await monitor();
    assert.deepEqual(subjects(mail), ['[Resguardo] FAILED: modes of main']);
    await chmod(repositoryPath, 0o700);
    await monitor();
    assert.deepEqual(subjects(mail).slice(1), ['[Resguardo] RECOVERED: modes of main']);

    const snapshots = path.join(repositoryPath, 'snapshots');
    await rename(snapshots, `${snapshots}-away`);
    await mkdir(snapshots, { mode: 0o700 });
    const gone = await monitor();
    assert.match(JSON.stringify(gone), /1 snapshot of main is gone that Resguardo did not remove/);
    await rm(snapshots, { recursive: true });
    await rename(`${snapshots}-away`, snapshots);
    assert.partialDeepStrictEqual(await monitor(), { criticals: 0, warnings: 0 });
  });

  test('go on in another history when there are many sources, and count all of them', async (t) => {
    const names = Array.from({ length: 130 }, (_, number) => `s${String(number).padStart(3, '0')}`);
    const { control } = await workBench(t, server.address, {
      installation: {
        moreSources: names
          .map((name) => `  ${name}: { kind: files, paths: [none], host: h${name} }`)
          .join('\n'),
        // No worker serves these hosts: their runs end quickly, and none keeps another back.
        temporal: 'hostTimeout: 1s',
      },
    });
    const workflowId = `by-hand/${randomUUID()}`;
    const options = { taskQueue: controlQueue, workflowId, args: [{}] };
    const handle = await control.client.workflow.start('dailyBackup', options);
    assert.partialDeepStrictEqual(await handle.result(), { total: 131, done: 1, failed: 130 });
    const first = control.client.workflow.getHandle(workflowId, handle.firstExecutionRunId);
    const { status, historyLength } = await first.describe();
    assert.equal(status.name, 'CONTINUED_AS_NEW');
    assert.ok(historyLength < mostEvents, `${historyLength} events`);
    t.diagnostic(`${historyLength} events for the first hundred sources`);
  });

  test('say of a repository that is away that it cannot be read, and go on', async (t) => {
    const { installation, control } = await workBench(t, server.address);
    await rename(installation.repositoryPath, `${installation.repositoryPath}-away`);
    for (const workflow of ['securityMonitoring', 'complianceCheck']) {
      const result = await runByHand(control, workflow, {});
      assert.match(JSON.stringify(result), /cannot be read: |could not be checked/, workflow);
    }
  });
});

interface Triggered {
  readonly workflowId: string;
  readonly result: unknown;
}

/** Triggers a schedule as an operator does, and waits for the end of its run. */
async function trigger({ client }: Control, id: string): Promise<Triggered> {
  const started = await triggerSchedule(client.schedule, id);
  assert.ok(started.kind === 'started', started.kind);
  const { workflowId } = started;
  return { workflowId, result: await client.workflow.getHandle(workflowId).result() };
}

async function removeSchedules({ client }: Control): Promise<void> {
  for (const id of scheduleIds) await client.schedule.getHandle(id).delete();
}

async function historyOf({ client }: Control, workflowId: string) {
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  const encoded = Buffer.from(proto.temporal.api.history.v1.History.encode(history).finish());
  return { events: history.events?.length ?? 0, bytes: encoded.length, text: encoded.toString('latin1') };
}

async function assertReport({ folder }: Installation, result: unknown): Promise<void> {
  assert.ok(
    typeof result === 'object' && result !== null && 'files' in result && Array.isArray(result.files),
  );
  assert.equal(result.files.length, 3);
  for (const file of result.files) {
    assert.equal(path.dirname(String(file)), path.join(folder, 'state', 'reports'));
    assert.equal((await stat(String(file))).mode & 0o777, 0o600);
  }
  assert.match(await readFile(String(result.files[1]), 'utf8'), /docs/);
}

/** Every run is in the catalog, and in the audit log. */
async function assertRecorded({ configuration }: Installation): Promise<void> {
  const catalog = await openConfiguredCatalog(configuration, { env: process.env });
  try {
    const runs = await catalog.runs({});
    const types = new Set(runs.map(({ workflow, status }) => `${workflow} ${status}`));
    const wanted = [...Object.values(scheduledWorkflowTypes), 'backupSource', 'sweep'].map(
      (type) => `${type} done`,
    );
    assert.deepEqual([...types].toSorted(), wanted.toSorted());
    const audit = new AuditLog(catalog.database);
    const entries = await audit.entries({ action: 'backupSource.run', subject: 'docs' });
    assert.deepEqual(
      entries.map(({ actor, outcome }) => `${actor} ${outcome}`),
      [
        'incremental_backups done',
        'incremental_backups started',
        'automated_backups done',
        'automated_backups started',
      ],
    );
    assert.equal((await audit.verify()).broken, undefined);
  } finally {
    await catalog.close();
  }
}

function mailTo(port: number): string {
  return `notifications:
  channels:
    post: { kind: email, to: [ops@example.com], smtp: { host: 127.0.0.1, port: ${port} } }`;
}

function subjects({ received }: { readonly received: readonly { readonly content: string }[] }) {
  return received.map(({ content }) => /^Subject: (.*)\r$/m.exec(content)?.[1]);
}
