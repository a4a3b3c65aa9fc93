import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mysqlConnection, postgresConnection } from '../../workers/database-connections.ts';

test('a connection is a URL, a reference to one, or fields', async () => {
  const env = { SHOP: 'mysql://u:secret@db1:3307/shop', PASSWORD: 'secret' };
  const byReference = await mysqlConnection('env:SHOP', env);
  assert.partialDeepStrictEqual(byReference, { host: 'db1', port: 3307, user: 'u' });
  assert.equal(byReference.password?.reveal(), 'secret');
  const byUrl = await postgresConnection('postgres://u@db2/shop', env);
  assert.partialDeepStrictEqual(byUrl, { host: 'db2', user: 'u', database: 'shop' });
  const fields = { host: 'db3', port: 3306, user: 'u', password: 'env:PASSWORD' };
  assert.equal((await mysqlConnection(fields, env)).password?.reveal(), 'secret');
});

test('a reference to a file may begin with slashes as a URL does', async () => {
  await assert.rejects(postgresConnection('file:///nowhere/at/all', {}), { type: 'SecretUnavailable' });
});
