import type { PlannedDatabase } from '../../contracts/database-restore.ts';
import { Failure } from '../../contracts/failures.ts';
import type { MysqlSession } from '../../sources/mysql/session.ts';
import { type Exchange, exchangeDatabases, hasMoved, type StepListener, undoExchange } from './exchange.ts';
import { databaseExists, dropDatabase } from './parked.ts';

/** @throws {Failure} TargetConflict if a target appeared that the plan does not replace */
export async function swapDatabases(
  session: MysqlSession,
  databases: readonly PlannedDatabase[],
  onStep?: StepListener,
): Promise<void> {
  await exchangeDatabases(session, databases.map(inwards), onStep);
}

/** @throws {Failure} TargetConflict when what was replaced is not there any more */
export async function rollBackDatabases(
  session: MysqlSession,
  databases: readonly PlannedDatabase[],
  onStep?: StepListener,
): Promise<void> {
  const backwards = databases.flatMap((database) => outwards(database) ?? []);
  for (const { incoming, outgoing = '' } of backwards) {
    const isThere = await databaseExists(session, incoming);
    if (isThere || (await databaseExists(session, outgoing))) continue;
    throw new Failure('TargetConflict', `The database "${incoming}" that was to be put back is gone`, {
      advice: 'Restore the snapshot that was taken before: it has the tag "safety".',
    });
  }
  await exchangeDatabases(session, backwards, onStep);
}

/** Drops what was restored. What a swap that did not come to its end has moved goes back first. */
export async function discardDatabases(
  session: MysqlSession,
  databases: readonly PlannedDatabase[],
): Promise<void> {
  for (const database of databases) {
    const { beside, target } = database;
    if (!(await databaseExists(session, beside))) continue;
    const back = outwards(database);
    if (!(await hasMoved(session, inwards(database)))) await undoExchange(session, inwards(database));
    else if (back !== undefined) await exchangeDatabases(session, [back]);
    else await dropDatabase(session, target);
    await dropDatabase(session, beside);
  }
}

function inwards({ beside, target, replaced }: PlannedDatabase): Exchange {
  return { incoming: beside, place: target, ...(replaced === undefined ? {} : { outgoing: replaced }) };
}

function outwards({ beside, target, replaced }: PlannedDatabase): Exchange | undefined {
  return replaced === undefined ? undefined : { incoming: replaced, place: target, outgoing: beside };
}
