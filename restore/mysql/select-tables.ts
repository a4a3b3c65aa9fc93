import { z } from 'zod';
import type { PlannedDatabase } from '../../contracts/database-restore.ts';
import { Failure } from '../../contracts/failures.ts';
import type { Warning } from '../../contracts/jobs.ts';
import type { DatabaseManifest } from '../../sources/mysql/manifest.ts';
import { type MysqlSession, qualified, quoteName } from '../../sources/mysql/session.ts';
import { codeWord, headOf, type StatementKind } from './dump-statements.ts';
import { recordTable } from './parked.ts';

/** Tables to restore, by their database. */
export type SelectedTables = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Finds tables in the databases of a snapshot.
 * @param wanted names as `database.table`, or `table` where one database alone has it
 * @throws {Failure} InvalidInput for a name that is in none or in several
 */
export function selectTables(
  databases: readonly Pick<DatabaseManifest, 'name' | 'tables'>[],
  wanted: readonly string[],
): SelectedTables {
  const all = databases.flatMap(({ name, tables }) =>
    tables.map((table) => ({ database: name, table: table.name, full: `${name}.${table.name}` })),
  );
  const selected = new Map<string, Set<string>>();
  for (const name of wanted) {
    const exact = all.filter(({ full }) => full === name);
    const found = exact.length > 0 ? exact : all.filter(({ table }) => table === name);
    const [one] = found;
    if (one === undefined || found.length > 1) throw notOneTable(name, found.length > 1 ? found : all);
    selected.set(one.database, (selected.get(one.database) ?? new Set()).add(one.table));
  }
  return selected;
}

function notOneTable(wanted: string, tables: readonly { readonly full: string }[]): Failure {
  const some = tables.slice(0, 20).map(({ full }) => full);
  const list = `${some.join(', ')}${tables.length > some.length ? ' and more' : ''}`;
  const isAmbiguous = tables.length > 1 && tables.every(({ full }) => full.endsWith(`.${wanted}`));
  return new Failure(
    'InvalidInput',
    isAmbiguous
      ? `tables: several databases have a table "${wanted}"`
      : `tables: the snapshot holds no table "${wanted}"`,
    { advice: isAmbiguous ? `Name one of ${list}.` : `It holds ${list}.` },
  );
}

const name = '(`(?:[^`]|``)*`)';
const ofTable = new RegExp(
  `^(?:INSERT INTO|CREATE TABLE|DROP TABLE IF EXISTS|ALTER TABLE|LOCK TABLES) ${name}`,
  'i',
);
const ofView = /^(?:CREATE|DROP) VIEW /i;
/** MariaDB keeps triggers in the words of who made them, who may have left out the quotes. */
const ofTrigger = new RegExp(
  `\\b(?:BEFORE|AFTER)\\s+(?:INSERT|UPDATE|DELETE)(?:\\s+OR\\s+\\w+)*\\s+ON\\s+(?:${name}|"([^"]+)"|([^\\s\`"]+))`,
  'i',
);

/**
 * Whether a statement of a dump belongs to chosen tables: their rows, keys and triggers. Routines and sequences
 * come in any case, since triggers and defaults may use them and no server tells which; views and events do not.
 * @param statement as `loadDump` has it: one letter for each byte
 */
export function belongsTo(tables: ReadonlySet<string>, statement: string, kind: StatementKind): boolean {
  const head = headOf(statement);
  const isChosen = (quoted: string): boolean => tables.has(plainName(quoted));
  if (kind === 'event' || ofView.test(head)) return false;
  if (kind === 'code') {
    const word = codeWord(head);
    if (word !== 'TRIGGER') return word !== 'VIEW';
    const [, quoted, doubleQuoted, bare] = ofTrigger.exec(head) ?? [];
    return isChosen(quoted ?? `\`${doubleQuoted ?? bare ?? ''}\``);
  }
  const table = ofTable.exec(head)?.[1];
  return table === undefined || isChosen(table);
}

function plainName(quoted: string): string {
  return Buffer.from(quoted.slice(1, -1).replaceAll('``', '`'), 'latin1').toString();
}

/** Why chosen tables cannot go where a database is. */
export function takenTarget(target: string): string {
  return `Chosen tables are restored into a new database, and "${target}" exists. Give another name as target.`;
}

/** Drops the foreign keys of restored tables that point to tables which were not chosen, and tells of each. */
export async function dropDanglingKeys(
  session: MysqlSession,
  { name: recordedName, beside }: Pick<PlannedDatabase, 'name' | 'beside'>,
): Promise<readonly Warning[]> {
  const keys = await session.rows(
    z.object({ table: z.string(), name: z.string() }),
    `SELECT DISTINCT k.table_name AS \`table\`, k.constraint_name AS name
     FROM information_schema.key_column_usage AS k
     LEFT JOIN information_schema.tables AS t
       ON t.table_schema = k.referenced_table_schema AND t.table_name = k.referenced_table_name
     WHERE k.table_schema = ? AND k.referenced_table_schema = ? AND t.table_name IS NULL AND k.table_name <> ?
     ORDER BY 1, 2`,
    [beside, beside, recordTable],
  );
  for (const key of keys) {
    await session.run(`ALTER TABLE ${qualified(beside, key.table)} DROP FOREIGN KEY ${quoteName(key.name)}`);
  }
  return keys.map((key) => ({
    subject: recordedName,
    message: `The foreign key ${key.name} of ${key.table} is left out: it points to a table that is not restored`,
  }));
}
