import { z } from 'zod';
import { besideTime } from '../../sources/beside-names.ts';
import type { MysqlConnection } from '../../sources/mysql/connection.ts';
import { MysqlSession } from '../../sources/mysql/session.ts';
import { begunExchange, type Exchange, exchangeDatabases, hasMoved, undoExchange } from './exchange.ts';
import { dropDatabase } from './parked.ts';

export interface SweptServer {
  /** Names of what was dropped. */
  readonly databases: readonly string[];
  /** What people should know, a sentence each. */
  readonly problems: readonly string[];
}

/**
 * Drops what restores that began before a time have made and never put into place. A swap or a roll-back that ended
 * half-way is brought to an end first: before its tables have moved it is undone, and afterwards it goes on. The
 * caller knows that no restore is under way; what somebody is connected to is left alone, and so is what a restore
 * has replaced.
 * @throws {Failure} as `MysqlSession.open`
 */
export async function sweepMysql(
  connection: MysqlConnection,
  { before, signal }: { readonly before: Date; readonly signal: AbortSignal },
): Promise<SweptServer> {
  const session = await MysqlSession.open(connection, signal);
  try {
    const problems: string[] = [];
    for (const kind of ['before', 'restore'] as const) {
      for (const name of await oldDatabases(session, kind, before)) {
        const begun = await begunExchange(session, name);
        if (begun !== undefined) problems.push(await bringToAnEnd(session, begun));
      }
    }
    const databases = await oldDatabases(session, 'restore', before);
    for (const name of databases) await dropDatabase(session, name);
    return { databases, problems };
  } finally {
    await session.close();
  }
}

/** Names of that kind, of restores that began before a time, which nobody is connected to. */
async function oldDatabases(
  session: MysqlSession,
  kind: 'before' | 'restore',
  before: Date,
): Promise<readonly string[]> {
  const found = await session.rows(
    z.object({ name: z.string() }),
    `SELECT schema_name AS name FROM information_schema.schemata
      WHERE schema_name LIKE '%\\_\\_${kind}\\_%'
        AND schema_name NOT IN (SELECT db FROM information_schema.processlist WHERE db IS NOT NULL)
      ORDER BY BINARY schema_name`,
  );
  return found.map(({ name }) => name).filter((name) => (besideTime(name, kind) ?? before) < before);
}

async function bringToAnEnd(session: MysqlSession, exchange: Exchange): Promise<string> {
  const { incoming, place, outgoing } = exchange;
  const kept = outgoing === undefined ? '' : `; what was there before is in "${outgoing}"`;
  if (await hasMoved(session, exchange)) {
    await exchangeDatabases(session, [exchange]);
    return `Putting "${incoming}" in place of "${place}" had ended half-way, and was brought to its end${kept}`;
  }
  await undoExchange(session, exchange);
  return `Putting "${incoming}" in place of "${place}" had been given up before a table moved, and was undone: "${place}" is as it was`;
}
