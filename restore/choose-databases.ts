import type { DatabasePlanRequest } from '../contracts/database-restore.ts';
import { Failure } from '../contracts/failures.ts';
import { type BesideNames, besideNames } from '../sources/beside-names.ts';

/** A database as a manifest tells of it. */
interface RecordedDatabase {
  readonly name: string;
}

/** What a snapshot of a server holds. */
interface RecordedServer<Database> {
  readonly source: string;
  readonly databases: readonly Database[];
}

/** One database of a snapshot, and the names that its restored copy and what it replaces shall have. */
export interface DatabaseTarget<Database> extends BesideNames {
  readonly database: Database;
  readonly target: string;
}

export interface ChoiceRules<Database> {
  /** Longest name of a database. */
  readonly longest: number;
  /** What a name's length is counted in. */
  readonly unit: 'bytes' | 'characters';
  /** File or folder of the database in the snapshot. */
  readonly placeOf: (database: Database) => string;
}

export type DatabaseChoice = Pick<DatabasePlanRequest, 'target' | 'include' | 'runId' | 'startedAt'>;

/**
 * Which databases of a snapshot are restored, and under which names: each under its own, unless a target is
 * given: then one database takes it, and of several each is called `<target>_<its own name>`.
 *
 * `include` holds paths such as `/shop/orders.dump`, or names of databases; empty means all.
 * @throws {Failure} InvalidInput for a path that is not there, and for a name that is none
 */
export function chooseDatabases<Database extends RecordedDatabase>(
  manifest: RecordedServer<Database>,
  { target, include, runId, startedAt }: DatabaseChoice,
  rules: ChoiceRules<Database>,
): readonly DatabaseTarget<Database>[] {
  const chosen =
    include.length === 0 ? manifest.databases : include.map((name) => findDatabase(manifest, name, rules));
  if (chosen.length === 0) throw new Failure('InvalidInput', 'The snapshot holds no database');
  return chosen.map((database) => {
    const own = target === undefined ? database.name : `${target}_${database.name}`;
    const name = target !== undefined && chosen.length === 1 ? target : own;
    checkName(name, rules);
    return { database, target: name, ...besideNames(name, { runId, startedAt }, rules.longest) };
  });
}

function findDatabase<Database extends RecordedDatabase>(
  { source, databases }: RecordedServer<Database>,
  wanted: string,
  { placeOf }: ChoiceRules<Database>,
): Database {
  const found = databases.find((database) => {
    const place = placeOf(database);
    return wanted === database.name || wanted === place || wanted === `/${source}/${place}`;
  });
  if (found !== undefined) return found;
  const names = databases.map(({ name }) => `"${name}"`).join(', ');
  throw new Failure('InvalidInput', `include: the snapshot holds no database "${wanted}"`, {
    advice: `Name one of its databases: ${names}.`,
  });
}

function checkName(name: string, { longest, unit }: Pick<ChoiceRules<never>, 'longest' | 'unit'>): void {
  const length = unit === 'bytes' ? Buffer.byteLength(name) : [...name].length;
  if (length > 0 && length <= longest && !name.includes('\0')) return;
  throw new Failure('InvalidInput', `target: "${name}" cannot be the name of a database`, {
    advice: `Choose a name of 1 to ${longest} ${unit}.`,
  });
}
