import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probeMachine } from '../../setup/probe.ts';
import { postgresServer } from '../servers/postgres.ts';

test('a real PostgreSQL is found by its port', async () => {
  const { host, port } = await postgresServer(17);
  const facts = await probeMachine({
    env: {},
    host: 'db1',
    home: '/root',
    isRoot: true,
    signal: new AbortController().signal,
    search: { socketFolders: [], ports: [port], folders: [], copies: [], mounts: [], services: [] },
  });
  assert.deepEqual(facts.postgres, [{ host, port }]);
});
