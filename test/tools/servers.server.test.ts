import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '@temporalio/client';
import pg from 'pg';
import { createDatabase, postgresServer } from '../servers/postgres.ts';
import { temporalServer } from '../servers/temporal.ts';

test('the shared Temporal server knows our search attributes', async () => {
  const { address, namespace } = await temporalServer();
  const connection = await Connection.connect({ address });
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    assert.ok(customAttributes?.ResguardoSource);
    assert.ok(customAttributes?.ResguardoBytesAdded);
  } finally {
    await connection.close();
  }
});

for (const major of [15, 17, 18] as const) {
  test(`the shared PostgreSQL ${major} gives each test a database of its own`, async (t) => {
    const database = await createDatabase(await postgresServer(major));
    t.after(() => database.drop());
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const { rows } = await client.query('SELECT current_database() AS name, version() AS version');
    await client.end();
    assert.equal(rows[0].name, database.name);
    assert.match(rows[0].version, new RegExp(`^PostgreSQL ${major}\\.`));
  });
}
