import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Context } from '@temporalio/activity';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import proto from '@temporalio/proto';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { encryptTemporal } from '../../codec/data-converter.ts';
import { runProgram } from '../../programs/run.ts';
import { Secret } from '../../secrets/secret.ts';
import { temporalExecutable, temporalServer } from '../servers/temporal.ts';
import { add, type CanaryActivities, canary, plain, word, words } from './workflows.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });
const { dataConverter } = encryptTemporal(new Secret(randomBytes(32).toString('base64')));

test('nothing of a run is readable on the server, its failure included', async () => {
  await using setting = await startSetting();
  const { client } = setting;
  const text = `canary-${randomBytes(8).toString('hex')}`;
  for (const fail of [false, true]) {
    const handle = await client.workflow.start(canary, {
      workflowId: randomUUID(),
      taskQueue: setting.taskQueue,
      args: [{ text, fail }],
      memo: { early: text },
      staticSummary: text,
      staticDetails: text,
    });
    await handle.signal(word, text);
    assert.equal(await handle.executeUpdate(add, { args: [text] }), text);
    assert.deepEqual(await handle.query(words), [text, text]);
    if (fail) {
      await assert.rejects(handle.result(), (error) => {
        assert.ok(error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure);
        assert.equal(error.cause.message, `gave up: ${text}`);
        assert.deepEqual(error.cause.details, [text]);
        return true;
      });
    } else {
      assert.equal(await handle.result(), text);
    }
    const history = await rawHistory(client, handle.workflowId);
    assert.ok(history.length > 1000);
    assert.equal(history.includes(text), false, 'the history shows the text');
    assert.equal(history.includes('test/codec'), false, 'the history shows a stack trace');
    const described = await client.workflowService.describeWorkflowExecution({
      namespace: client.options.namespace,
      execution: { workflowId: handle.workflowId },
    });
    assert.equal(
      JSON.stringify(described.toJSON()).includes(Buffer.from(text).toString('base64').slice(0, 20)),
      false,
    );
    assert.equal((await handle.describe()).memo?.later, text);
  }
});

test("input typed as JSON on Temporal's own command line is understood", async () => {
  await using setting = await startSetting();
  const { client, address, taskQueue } = setting;
  const workflowId = randomUUID();
  const connectionArgs = ['--address', address, '--namespace', client.options.namespace];
  const program = runProgram({
    command: await temporalExecutable(),
    args: [
      ...['workflow', 'start', ...connectionArgs, '--task-queue', taskQueue, '--type', plain.name],
      ...['--workflow-id', workflowId, '--input', '{"source":"mydb"}'],
    ],
    signal: AbortSignal.timeout(60_000),
  });
  program.stdout.resume();
  await program.completed;
  assert.deepEqual(await client.workflow.getHandle(workflowId).result(), { source: 'mydb' });
});

async function startSetting() {
  const { address, namespace } = await temporalServer();
  const taskQueue = randomUUID();
  const native = await NativeConnection.connect({ address });
  const connection = await Connection.connect({ address });
  const activities: CanaryActivities = {
    async echo(text) {
      Context.current().heartbeat({ text });
      return text;
    },
    async fail(text) {
      throw ApplicationFailure.nonRetryable(`failed: ${text}`, 'Canary', { text });
    },
  };
  const worker = await Worker.create({
    connection: native,
    namespace,
    taskQueue,
    workflowsPath: fileURLToPath(import.meta.resolve('./workflows.ts')),
    activities,
    dataConverter,
  });
  const running = worker.run();
  return {
    client: new Client({ connection, namespace, dataConverter }),
    address,
    taskQueue,
    async [Symbol.asyncDispose]() {
      worker.shutdown();
      await running;
      await native.close();
      await connection.close();
    },
  };
}

/** The history as the server sends it, codec or not. */
async function rawHistory(client: Client, workflowId: string): Promise<Buffer> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId },
  });
  assert.ok(history);
  return Buffer.from(proto.temporal.api.history.v1.History.encode(history).finish());
}
