import { z } from 'zod';
import { isFailure } from '../../../contracts/failures.ts';
import { codeOf } from '../../../sources/database-failures.ts';
import type { Toc, TocEntry } from '../../../sources/postgres/archive/toc.ts';
import type { PostgresSession } from '../../../sources/postgres/session.ts';
import { decoded } from '../toc-names.ts';

/** Kinds of what is made together with what they are about. */
const companions = ['COMMENT', 'ACL', 'SECURITY LABEL', 'SEQUENCE SET'];

/** What people have made on top of it meanwhile, and what is gone already. */
const leftAlone = ['2BP01', '42704', '42883', '3F000', '42P01'];

/** What some entries hang on, directly or not: schemas, types, functions, sequences, extensions, tables. */
export function needsOf(own: readonly TocEntry[], { entries }: Toc): readonly TocEntry[] {
  const byId = new Map(entries.map((entry) => [String(entry.id), entry]));
  const found = new Set<TocEntry>();
  const add = ({ dependencies }: TocEntry): void => {
    for (const need of dependencies.flatMap((id) => byId.get(id) ?? [])) {
      if (found.has(need)) continue;
      found.add(need);
      add(need);
    }
  };
  for (const entry of own) add(entry);
  const isOwn = new Set(own);
  return entries.filter((entry) => found.has(entry) && !isOwn.has(entry) && entry.oid !== '0');
}

/** Those that the database in use does not have. What it has of that name is used as it is there. */
export async function missingNeeds(
  scratch: PostgresSession,
  inUse: PostgresSession,
  needs: readonly TocEntry[],
): Promise<readonly TocEntry[]> {
  const missing: TocEntry[] = [];
  for (const need of needs) {
    const address = await scratch.row(addressSchema, addressQuery, [need.catalogOid, need.oid]);
    if (!(await isThere(inUse, address))) missing.push(need);
  }
  return missing;
}

/** The entries with their comments and rights, in the order of the dump. */
export function withCompanions(needs: readonly TocEntry[], { entries }: Toc): readonly TocEntry[] {
  const ids = new Set(needs.map(({ id }) => String(id)));
  const isCompanion = ({ kind, dependencies }: TocEntry): boolean =>
    companions.includes(kind) && dependencies.some((id) => ids.has(id));
  return entries.filter((entry) => ids.has(String(entry.id)) || isCompanion(entry));
}

/** Keeps in the scratch database how to drop what is about to be made in the one in use. */
export async function recordNeeds(scratch: PostgresSession, needs: readonly TocEntry[]): Promise<void> {
  await scratch.run(`CREATE SCHEMA IF NOT EXISTS resguardo;
    DROP TABLE IF EXISTS resguardo.made; CREATE TABLE resguardo.made (place int, drop_statement text)`);
  for (const [place, { dropStatement }] of needs.entries()) {
    await scratch.rows(z.unknown(), 'INSERT INTO resguardo.made VALUES ($1, $2)', [
      place,
      decoded(dropStatement),
    ]);
  }
}

/** Nothing was made of it. */
export async function forgetNeeds(scratch: PostgresSession): Promise<void> {
  await scratch.run('DROP TABLE IF EXISTS resguardo.made');
}

/** Drops what was made, unless something else uses it by now. */
export async function dropNeeds(scratch: PostgresSession, inUse: PostgresSession): Promise<void> {
  const { isKept } = await scratch.row(
    z.object({ isKept: z.boolean() }),
    `SELECT to_regclass('resguardo.made') IS NOT NULL AS "isKept"`,
  );
  if (!isKept) return;
  const made = await scratch.rows(
    z.object({ statement: z.string() }),
    'SELECT drop_statement AS statement FROM resguardo.made ORDER BY place DESC',
  );
  for (const { statement } of made.filter((one) => one.statement !== '')) {
    try {
      await inUse.run(statement);
    } catch (error) {
      if (!isFailure(error) || !leftAlone.includes(codeOf(error.cause) ?? '')) throw error;
    }
  }
}

const addressSchema = z.object({ type: z.string(), names: z.array(z.string()), args: z.array(z.string()) });
type Address = z.output<typeof addressSchema>;

const addressQuery = `SELECT a.type, a.object_names AS names, a.object_args AS args
  FROM pg_identify_object_as_address($1::oid, $2::oid, 0) AS a`;

async function isThere(session: PostgresSession, { type, names, args }: Address): Promise<boolean> {
  try {
    await session.rows(z.unknown(), 'SELECT pg_get_object_address($1, $2, $3)', [type, names, args]);
    return true;
  } catch (error) {
    if (isFailure(error) && leftAlone.includes(codeOf(error.cause) ?? '')) return false;
    throw error;
  }
}
