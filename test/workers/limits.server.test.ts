import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { backupWorkflowId } from '../../contracts/queues.ts';
import { startBackup } from '../../control/backup.ts';
import { runResult } from '../../control/runs.ts';
import { Repository } from '../../repository/repository.ts';
import { Secret } from '../../secrets/secret.ts';
import { openStore } from '../../stores/open.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { places } from '../stores/test-stores.ts';
import { workBench } from './bench.ts';
import { fillWithRandomFiles } from './installation.ts';

describe('the limits of a backup', () => {
  let server: TemporalServer;

  before(async () => {
    server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => server?.stop());

  test('can be changed while it runs, and wrong ones are refused by name', async (t) => {
    const { url, settings } = await places.s3(t);
    const remote = `  remote:
    url: "${url}"
    password: file:key
    s3: { accessKeyId: env:KEY_ID, secretAccessKey: env:SECRET_KEY }
    # The data below would take some minutes.
    limits: { uploadKiB: 64, connections: 2 }`;
    const { installation, control } = await workBench(t, server.address, {
      installation: {
        moreRepositories: remote,
        moreSources: '  slow: { kind: files, paths: [docs], repository: remote }',
        more: 'defaultRepository: main',
      },
      worker: { env: { ...process.env, ...settings.env } },
    });
    await fillWithRandomFiles(installation.docs, { files: 20, bytesEach: 1_000_000 });
    const store = await openStore(url, settings);
    await (await Repository.init(store, new Secret(installation.password))).close();

    const run = await startBackup(control, { source: 'slow' });
    const handle = control.client.workflow.getHandle(backupWorkflowId('slow'));
    const limit = (limits: unknown) => handle.executeUpdate('limits', { args: [limits] });
    await assert.rejects(limit({ uploadKib: 5 }), (error) => /uploadKib/.test(String(causeOf(error))));
    await assert.rejects(limit({ connections: 0 }), (error) => /connections/.test(String(causeOf(error))));
    assert.equal((await handle.describe()).status.name, 'RUNNING');
    assert.deepEqual(await limit({ uploadKiB: null, connections: 8 }), { uploadKiB: null, connections: 8 });
    assert.equal((await runResult(run)).status, 'done');
  });
});

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? error.cause : error;
}
