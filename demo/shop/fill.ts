import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { Secret } from '../../secrets/secret.ts';

export interface ShopDatabase {
  readonly name: string;
  /** Connection URL, with the password. */
  readonly url: Secret;
  /** False if an earlier run had filled it. */
  readonly isNew: boolean;
}

const databaseName = 'shop';

/**
 * Makes the sample database, unless an earlier run did. It gets its mark once it is whole, so that one that
 * was interrupted is made anew.
 */
export async function ensureShop(server: Secret): Promise<ShopDatabase> {
  const files = ['schema.sql', 'data.sql'].map((name) => readFile(new URL(name, import.meta.url), 'utf8'));
  const statements = await Promise.all(files);
  const mark = `Resguardo's demo, ${createHash('sha256').update(statements.join('')).digest('hex').slice(0, 16)}`;
  const url = new Secret(withDatabase(server.reveal(), databaseName));
  return withClient(server, async (admin) => {
    const found = await admin.query<{ mark: string | null }>(
      "SELECT shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = $1",
      [databaseName],
    );
    if (found.rows[0]?.mark === mark) return { name: databaseName, url, isNew: false };
    await admin.query(`DROP DATABASE IF EXISTS ${databaseName} WITH (FORCE)`);
    await admin.query(`CREATE DATABASE ${databaseName}`);
    await withClient(url, async (shop) => {
      for (const text of statements) await shop.query(text);
    });
    await admin.query(`COMMENT ON DATABASE ${databaseName} IS '${mark.replaceAll("'", "''")}'`);
    return { name: databaseName, url, isNew: true };
  });
}

export async function withClient<T>(url: Secret, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url.reveal(), application_name: 'resguardo demo' });
  // A connection that breaks fails the query under way; without a listener it would end the process.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The connection URL of another database of the same server. */
export function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(database)}`;
  return changed.href;
}
