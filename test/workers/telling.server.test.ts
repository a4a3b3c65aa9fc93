import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import proto from '@temporalio/proto';
import { backupWorkflowId } from '../../contracts/queues.ts';
import { startBackup } from '../../control/backup.ts';
import type { Control } from '../../control/client.ts';
import { translateFailure } from '../../control/failures.ts';
import { runResult } from '../../control/runs.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { startEndpoint } from '../http/server.ts';
import { startMailServer } from '../notify/mail-server.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { workBench } from './bench.ts';
import { fillWithRandomFiles } from './installation.ts';

const someFiles = { files: 3, bytesEach: 1000 };

describe('a backup through Temporal', () => {
  let server: TemporalServer;

  before(async () => {
    server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => server?.stop());

  test('is told when it begins to fail and when it is well again, by every channel, once', async (t) => {
    await using mail = await startMailServer();
    let isDown = true;
    await using slack = await startEndpoint(() => (isDown ? { status: 503 } : { status: 200, body: 'ok' }));
    await using checks = await startEndpoint(() => ({ status: 200 }));
    const env = { ...process.env, SLACK: `${slack.url}/services/x`, CHECK: `${checks.url}/uuid` };
    const more = `notifications:
  channels:
    slack: { kind: slack, url: env:SLACK }
    post: { kind: email, to: [ops@example.com], smtp: { host: 127.0.0.1, port: ${mail.port} } }
  pings: { docs: { url: env:CHECK, of: [docs] } }`;
    const { installation, control } = await workBench(t, server.address, {
      installation: { more },
      worker: { env },
    });
    const { docs } = installation;
    await fillWithRandomFiles(docs, someFiles);
    await backup(control);
    await rename(docs, `${docs}-away`);
    const failing = backup(control);
    while (slack.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    isDown = false;
    await failing;
    await backup(control);
    await rename(`${docs}-away`, docs);
    await backup(control);

    const subjects = ['[Resguardo] FAILED: Backup of docs', '[Resguardo] RECOVERED: Backup of docs'];
    assert.deepEqual(
      mail.received.map(({ content }) => /^Subject: (.*)\r$/m.exec(content)?.[1]),
      subjects,
    );
    const told = slack.received.map(({ body }) => JSON.parse(body).text);
    assert.deepEqual([...new Set(told)], subjects);
    assert.match(
      // Quoted-printable mail breaks long lines behind an equals sign.
      (mail.received[0]?.content ?? '').replaceAll('=\r\n', ''),
      /docs does not exist.*What to do: .*resguardo backup docs/s,
    );
    assert.deepEqual(
      checks.received
        .map(({ path }) => path.replace(/\?.*/, ''))
        .filter((path, index, all) => path !== all[index - 1]),
      ['/uuid', '/uuid/fail', '/uuid'],
    );
  });

  test('leaves nothing readable on the server when encryption is on, its failure included', async (t) => {
    const env = { ...process.env, CODEC_KEY: randomBytes(32).toString('base64') };
    process.env.CODEC_KEY = env.CODEC_KEY;
    t.after(() => delete process.env.CODEC_KEY);
    const { installation, control } = await workBench(t, server.address, {
      installation: { temporal: 'encryption: { key: env:CODEC_KEY }' },
      worker: { env },
    });
    const { docs } = installation;
    await fillWithRandomFiles(docs, someFiles);
    await backup(control);
    assert.equal((await historyOf(control)).includes(docs), false);
    await rename(docs, `${docs}-away`);
    const failure = await backup(control);
    assert.match(failure?.message ?? '', /docs does not exist/, 'whoever has the key reads why');
    const history = await historyOf(control);
    for (const text of [docs, 'does not exist', 'team-a', 'workflows/']) {
      assert.equal(history.includes(text), false, `the history shows ${text}`);
    }
  });
});

/** Runs a backup of the source `docs` to its end. */
async function backup(control: Control): Promise<Error | undefined> {
  try {
    await runResult(await startBackup(control, { source: 'docs' }));
    return undefined;
  } catch (error) {
    return translateFailure(error);
  }
}

/** The history of the newest run, as the server keeps it. */
async function historyOf({ client, namespace }: Control): Promise<Buffer> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace,
    execution: { workflowId: backupWorkflowId('docs') },
  });
  assert.ok(history);
  return Buffer.from(proto.temporal.api.history.v1.History.encode(history).finish());
}
