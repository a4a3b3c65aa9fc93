import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import { msToTs } from '@temporalio/common/lib/time.js';
import { NativeConnection } from '@temporalio/worker';
import { isFailure } from '../../contracts/failures.ts';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import { startBackup } from '../../control/backup.ts';
import { connectControl } from '../../control/client.ts';
import { temporalEndpoint } from '../../control/endpoint.ts';
import { runResult } from '../../control/runs.ts';
import { createLogger } from '../../logging/logger.ts';
import { freePort } from '../../tools/free-port.ts';
import { connectWorker } from '../../workers/connection.ts';
import { installRuntime } from '../../workers/runtime.ts';
import { registerSearchAttributes } from '../../workers/search-attributes.ts';
import { temporalServer } from '../servers/temporal.ts';
import { cleanUp } from './clean-up.ts';
import { fillWithRandomFiles, install } from './installation.ts';
import { runWorkers } from './running-worker.ts';

const quiet = createLogger({ level: 'silent', format: 'json' });

before(() => installRuntime(quiet));

test('a worker without a Temporal server says so, and how to get one', async () => {
  const address = `127.0.0.1:${await freePort()}`;
  await assert.rejects(connectWorker(temporalEndpoint({ address }, {}), quiet), (error) => {
    assert.ok(isFailure(error, 'TemporalUnavailable'));
    assert.equal(error.message, `Cannot reach Temporal at ${address}: the connection was refused`);
    assert.match(error.advice, /resguardo up/);
    return true;
  });
});

test('a namespace that is not there is named, with the command that makes it', async () => {
  const { address } = await temporalServer();
  const endpoint = temporalEndpoint({ address, namespace: 'nowhere' }, {});
  await assert.rejects(connectWorker(endpoint, quiet), (error) => {
    assert.ok(isFailure(error, 'TemporalUnavailable'));
    assert.match(error.message, /has no namespace nowhere/);
    assert.match(error.advice, /temporal operator namespace create nowhere/);
    return true;
  });
});

test('a connection in plain text to another machine is warned of, one on this machine is not', async () => {
  let log = '';
  const destination = {
    write: (line: string): void => {
      log += line;
    },
  };
  const logger = createLogger({ level: 'warn', format: 'json', destination });
  const { address } = await temporalServer();
  await (await connectWorker(temporalEndpoint({ address }, {}), logger)).close();
  assert.equal(log, '');
  // A name for this machine that does not look like one.
  const other = address.replace('127.0.0.1', '0.0.0.0');
  await (await connectWorker(temporalEndpoint({ address: other }, {}), logger)).close();
  assert.match(log, /0\.0\.0\.0:\d+.*is not encrypted/);
});

test('a worker makes a fresh namespace ready for its workflows, and again without harm', async (t) => {
  const { address } = await temporalServer();
  const namespace = `fresh-${randomUUID()}`;
  const connection = await NativeConnection.connect({ address });
  cleanUp(t, () => connection.close());
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  await registerSearchAttributes(connection, namespace);
  await registerSearchAttributes(connection, namespace);
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  for (const { name } of Object.values(searchAttributes)) assert.ok(name in customAttributes);

  const installation = await install({ address, temporal: `namespace: ${namespace}` });
  cleanUp(t, () => installation.remove());
  await fillWithRandomFiles(installation.docs, { files: 2, bytesEach: 1000 });
  const worker = await runWorkers(installation);
  cleanUp(t, () => worker.stop());
  const control = await connectControl({ settings: installation.configuration.temporal, env: {} });
  cleanUp(t, () => control.close());
  assert.equal((await runResult(await startBackup(control, { source: 'docs' }))).status, 'done');
});
