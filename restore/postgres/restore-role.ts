import { createHash } from 'node:crypto';
import pg from 'pg';
import { z } from 'zod';
import type { PostgresSession } from '../../sources/postgres/session.ts';

/**
 * Another owner for everything. A superuser restores as a role that exists for this restore alone, whose
 * belongings then go to the owner in one statement: extensions and event triggers need a superuser, and what
 * belongs to the first superuser cannot be handed over. Others restore as the owner at once.
 */

/** Name of the role of a restore into this database. */
function roleOf(beside: string): string {
  return `resguardo_restore_${createHash('sha256').update(beside).digest('hex').slice(0, 16)}`;
}

/** Options of pg_restore that make everything belong to the owner, in the end. Safe to repeat. */
export async function restoreAs(
  session: PostgresSession,
  beside: string,
  owner: string,
): Promise<readonly string[]> {
  if (!(await isSuperuser(session))) return ['--no-owner', `--role=${owner}`];
  const role = roleOf(beside);
  if (!(await exists(session, role))) {
    await session.run(`CREATE ROLE ${pg.escapeIdentifier(role)} SUPERUSER NOLOGIN`);
  }
  return ['--no-owner', `--role=${role}`];
}

/** Hands over what the role of the restore has made in this database, of which the session is one. */
export async function handOver(session: PostgresSession, beside: string, owner: string): Promise<void> {
  const role = roleOf(beside);
  if (!(await exists(session, role))) return;
  await session.run(
    `REASSIGN OWNED BY ${pg.escapeIdentifier(role)} TO ${pg.escapeIdentifier(owner)};
     DROP OWNED BY ${pg.escapeIdentifier(role)}; DROP ROLE ${pg.escapeIdentifier(role)}`,
  );
}

/** Drops the role of a restore that is given up, once its database is gone. */
export async function dropRole(session: PostgresSession, beside: string): Promise<void> {
  const role = roleOf(beside);
  if (await exists(session, role)) await session.run(`DROP ROLE ${pg.escapeIdentifier(role)}`);
}

export async function exists(session: PostgresSession, role: string): Promise<boolean> {
  const found = await session.rows(z.object({ name: z.string() }), roleQuery, [role]);
  return found.length > 0;
}

const roleQuery = 'SELECT rolname AS name FROM pg_roles WHERE rolname = $1';

async function isSuperuser(session: PostgresSession): Promise<boolean> {
  const { yes } = await session.row(
    z.object({ yes: z.boolean() }),
    'SELECT rolsuper AS yes FROM pg_roles WHERE rolname = current_user',
  );
  return yes;
}
