import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuditLog } from '../../audit/log.ts';
import { startScheduleServer } from '../schedules/server.ts';
import { runApi } from './running-api.ts';

interface Started {
  readonly workflowId: string;
  readonly runId: string;
  readonly joined: boolean;
}

test('a backup is started once for an idempotency key, and is a conflict without one', async (t) => {
  const server = await startScheduleServer();
  t.after(() => server[Symbol.asyncDispose]());
  const { address, namespace } = server;
  const yaml = `temporal: {address: "${address}", namespace: ${namespace}}`;
  const { get, post, catalog } = await runApi(t, { yaml });
  const readiness = await get('/readyz');
  assert.deepEqual(await readiness.json(), { ready: true, checks: { temporal: 'ok', catalog: 'ok' } });
  assert.deepEqual(await (await get('/api/v1/schedules')).json(), { items: [] });

  const body = { source: 'etc', tags: ['pre-deploy'] };
  const key = { 'idempotency-key': 'deployment 7' };
  const answers = await Promise.all([1, 2, 3].map(() => post('/api/v1/backups', body, key)));
  const started = await Promise.all(answers.map(async (answer) => (await answer.json()) as Started));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]));
  assert.equal(new Set(started.map(({ runId }) => runId)).size, 1);
  const [{ workflowId, runId, joined } = assert.fail()] = started;
  assert.deepEqual([workflowId, joined], ['backup/etc', false]);
  assert.equal(answers[0]?.headers.get('location'), `/api/v1/runs/backup%2Fetc/${runId}`);

  const other = await post('/api/v1/backups', { source: 'shop' }, key);
  assert.equal(other.status, 400);
  const conflict = await post('/api/v1/backups', body);
  assert.equal(conflict.status, 409);
  assert.equal(((await conflict.json()) as { type: string }).type, 'AlreadyRunning');
  const joinedLater = await post('/api/v1/backups', body, { 'idempotency-key': 'deployment 8' });
  assert.deepEqual(await joinedLater.json(), { workflowId, runId, joined: true });

  const entries = await new AuditLog(catalog.database).entries();
  assert.deepEqual(
    entries.map(({ actor, action, subject, outcome }) => [actor, action, subject, outcome]).reverse(),
    [
      ['api', 'backup', 'etc', 'started'],
      ['api', 'backup', 'etc', 'started'],
      ['api', 'backup', 'etc', 'refused'],
      ['api', 'backup', 'etc', 'started'],
    ],
  );
});
