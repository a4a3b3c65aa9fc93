import { z } from 'zod';
import type { Flavour } from './server.ts';
import { flagSchema, type MysqlSession, quoteName } from './session.ts';

interface Account {
  readonly user: string;
  readonly host: string;
  readonly isRole: boolean;
}

/** Accounts of the server itself, which every installation makes anew. */
const ownAccounts = ['mysql.sys', 'mysql.session', 'mysql.infoschema', 'mariadb.sys', 'PUBLIC'];

/**
 * Roles, users and their rights as statements, never as tables of the server: those differ between versions.
 * Users that exist are left as they are when the statements are run.
 * @throws {Failure} SourceAuthentication if our user may not see the others
 */
export async function dumpUsers(session: MysqlSession, flavour: Flavour): Promise<Buffer> {
  // MySQL 8: hashes may hold any bytes, so they are written as hexadecimal digits. Others do not know it.
  if (flavour === 'mysql') await session.run('SET SESSION print_identified_with_as_hex = ON').catch(() => {});
  const accounts = await readAccounts(session, flavour);
  const made: string[] = [];
  const granted: string[] = [];
  for (const account of accounts) {
    made.push(await creation(session, account, flavour));
    granted.push(...(await grants(session, account, flavour)));
  }
  return Buffer.from(
    ['-- Users and their rights. Users that exist are not changed.', ...made, ...granted, ''].join('\n'),
  );
}

async function readAccounts(session: MysqlSession, flavour: Flavour): Promise<readonly Account[]> {
  const isRole = flavour === 'mariadb' ? `is_role = 'Y'` : '0';
  const accounts = await session.rows(
    z.object({ user: z.string(), host: z.string(), isRole: flagSchema }),
    `SELECT User AS user, Host AS host, ${isRole} AS isRole FROM mysql.user ORDER BY 3 DESC, BINARY User, BINARY Host`,
  );
  const roles = flavour === 'mysql' ? await readRoles(session) : new Set<string>();
  return (
    accounts
      .filter(({ user }) => !ownAccounts.includes(user))
      .map((account) => ({
        ...account,
        isRole: account.isRole || roles.has(`${account.user}@${account.host}`),
      }))
      // Roles first: a user's default role must be there.
      .sort((left, right) => Number(right.isRole) - Number(left.isRole))
  );
}

/** In MySQL a role is a user that was granted to others; before 8.0 there are none. */
async function readRoles(session: MysqlSession): Promise<ReadonlySet<string>> {
  const sql = 'SELECT DISTINCT from_user AS user, from_host AS host FROM mysql.role_edges';
  const rows = await session.rows(z.object({ user: z.string(), host: z.string() }), sql).catch(() => []);
  return new Set(rows.map(({ user, host }) => `${user}@${host}`));
}

async function creation(session: MysqlSession, account: Account, flavour: Flavour): Promise<string> {
  if (account.isRole && flavour === 'mariadb') return `CREATE ROLE IF NOT EXISTS ${quoteName(account.user)};`;
  const [statement = ''] = await texts(session, `SHOW CREATE USER ${nameOf(account, flavour)}`);
  return `${statement.replace(/^CREATE USER /, 'CREATE USER IF NOT EXISTS ')};`;
}

async function grants(session: MysqlSession, account: Account, flavour: Flavour): Promise<readonly string[]> {
  const statements = await texts(session, `SHOW GRANTS FOR ${nameOf(account, flavour)}`);
  return statements.map((statement) => `${withoutPassword(statement)};`);
}

/** MariaDB repeats the password in the first right, which would change that of a user who exists. */
function withoutPassword(grant: string): string {
  return grant.replace(
    / IDENTIFIED (?:BY PASSWORD|VIA) (?:'(?:[^'\\]|\\.|'')*'|[^'])*?(?= REQUIRE | WITH |$)/,
    '',
  );
}

function nameOf({ user, host, isRole }: Account, flavour: Flavour): string {
  if (isRole && flavour === 'mariadb') return quoteName(user);
  return `${quoteName(user)}@${quoteName(host)}`;
}

async function texts(session: MysqlSession, sql: string): Promise<readonly string[]> {
  const rows = await session.rows(z.record(z.string(), z.string()), sql);
  return rows.flatMap((row) => Object.values(row).slice(-1));
}
