import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probeMachine } from '../../setup/probe.ts';
import { mariadbServer } from '../servers/mariadb.ts';
import { postgresServer } from '../servers/postgres.ts';

test('a real PostgreSQL and a real MariaDB are found by their ports, and told apart', async () => {
  const [postgres, mariadb] = [await postgresServer(17), await mariadbServer()];
  const ports = [postgres.port, mariadb.port];
  const facts = await probeMachine({
    env: {},
    host: 'db1',
    home: '/root',
    isRoot: true,
    signal: new AbortController().signal,
    search: {
      socketFolders: [],
      ports,
      folders: [],
      copies: [],
      mounts: [],
      services: [],
      mysql: { sockets: ['/nowhere/mysqld.sock'], ports },
    },
  });
  assert.deepEqual(facts.postgres, [{ host: postgres.host, port: postgres.port }]);
  assert.deepEqual(facts.mysql, [{ host: mariadb.host, port: mariadb.port }]);
});
