import { z } from 'zod';
import { isFailure } from '../../contracts/failures.ts';
import { codeOf } from '../../sources/database-failures.ts';
import type { MysqlSession } from '../../sources/mysql/session.ts';

/** A table that is moved or renamed; both names are quoted. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

/** How long a statement waits for transactions that use its tables, in seconds. */
const waitSeconds = 3;
const attempts = 10;

/** Moves tables in one statement, which happens as a whole or not at all. */
export async function moveTables(
  session: MysqlSession,
  moves: readonly Move[],
  databases: readonly string[],
): Promise<void> {
  if (moves.length === 0) return;
  const statement = `RENAME TABLE ${moves.map(({ from, to }) => `${from} TO ${to}`).join(', ')}`;
  await unblocked(session, databases, () => session.run(statement));
}

/**
 * Changes tables of databases. Sessions that hold one of them for longer are ended, if they are in one of the
 * databases: what they work with is being replaced.
 */
export async function unblocked(
  session: MysqlSession,
  databases: readonly string[],
  change: () => Promise<void>,
): Promise<void> {
  await session.run(`SET SESSION lock_wait_timeout = ${waitSeconds}`);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await change();
    } catch (error) {
      const isLocked = isFailure(error) && codeOf(error.cause) === 'ER_LOCK_WAIT_TIMEOUT';
      if (!isLocked || attempt === attempts) throw error;
      await endTransactions(session, databases);
    }
  }
}

const idSchema = z.object({ id: z.coerce.number() });

/** Ends the sessions in the databases that have a transaction open. */
async function endTransactions(session: MysqlSession, databases: readonly string[]): Promise<void> {
  const open = await session.rows(
    idSchema,
    `SELECT p.id AS id FROM information_schema.innodb_trx
     JOIN information_schema.processlist AS p ON p.id = trx_mysql_thread_id
     WHERE p.db IN (?) AND p.id <> connection_id()`,
    [databases],
  );
  for (const { id } of open) {
    // One that has ended by itself, or that may not be ended, shows at the next attempt.
    await session.run(`KILL ${id}`).catch(() => {});
  }
}
