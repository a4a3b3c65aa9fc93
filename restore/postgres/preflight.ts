import { z } from 'zod';
import { Failure, isFailure } from '../../contracts/failures.ts';
import type { Warning } from '../../contracts/jobs.ts';
import type { ProgramHost } from '../../programs/host.ts';
import { type ClientTools, findClientTools } from '../../sources/postgres/client-tools.ts';
import { describeServer, type PostgresConnection } from '../../sources/postgres/connection.ts';
import type { DatabaseManifest } from '../../sources/postgres/manifest.ts';
import { readVersion, requireDirect } from '../../sources/postgres/server.ts';
import type { PostgresSession } from '../../sources/postgres/session.ts';
import { exists } from './restore-role.ts';

export interface RestorePreflightRequest {
  readonly connection: PostgresConnection;
  readonly manifest: DatabaseManifest;
  /** Major version of the server that was backed up. */
  readonly sourceMajor: number;
  /** Role that shall own everything. */
  readonly owner?: string;
  readonly binDir?: string;
  readonly host: ProgramHost;
  readonly signal: AbortSignal;
}

export interface RestorePreflight {
  /** "PostgreSQL 17.11 at db1:5432". */
  readonly server: string;
  /** What makes a restore impossible, each with its mend. */
  readonly blockers: readonly string[];
  readonly major: number;
  /** Those of the target, or none if there are blockers. */
  readonly tools?: ClientTools;
  /** Options of pg_restore for what the target does not have. */
  readonly options: readonly string[];
  /** Roles of the manifest that the target does not have, or that our user may not act as. */
  readonly missingRoles: ReadonlySet<string>;
  readonly warnings: readonly Warning[];
}

/** pg_restore of this version and later sets a parameter that older servers refuse (transaction_timeout). */
const firstMajorWithTransactionTimeout = 17;

/**
 * Looks whether the target has what a restore needs, and changes nothing.
 * @throws {Failure} SourceUnsupported for a pooler in between; as `PostgresSession`
 */
export async function checkTarget(
  session: PostgresSession,
  request: RestorePreflightRequest,
): Promise<RestorePreflight> {
  const { connection, manifest, sourceMajor } = request;
  await requireDirect(session, connection);
  const { version, major } = await readVersion(session, connection);
  const server = `PostgreSQL ${version} at ${describeServer(connection)}`;
  const { missingRoles, absentRoles } = await readMissingRoles(session, manifest);
  const missingSpaces = await readMissingTablespaces(session, manifest);
  const blockers: string[] = [];
  const checked = async <T>(check: () => Promise<T> | T): Promise<T | undefined> => {
    try {
      return await check();
    } catch (error) {
      if (!isFailure(error, 'SourceUnsupported') && !isFailure(error, 'ToolMissing')) throw error;
      blockers.push(`${error.message}. ${error.advice}`);
      return undefined;
    }
  };
  await checked(() => checkVersion(server, { name: manifest.name, major, sourceMajor }));
  await checked(() => checkExtensions(session, server, manifest));
  await checked(() => checkRights(session, server, connection));
  await checked(() => checkOwner(session, server, request.owner));
  await checked(() => checkPolicyRoles(server, manifest, absentRoles));
  const tools = await checked(() => restoreTools(server, major, request));
  return {
    server,
    major,
    blockers,
    ...(tools !== undefined && { tools }),
    missingRoles,
    ...omissions(manifest, { missingRoles, absentRoles }, missingSpaces),
  };
}

function checkVersion(
  server: string,
  {
    name,
    major,
    sourceMajor,
  }: { readonly name: string; readonly major: number; readonly sourceMajor: number },
): void {
  if (major >= sourceMajor) return;
  throw new Failure(
    'SourceUnsupported',
    `${server} is older than version ${sourceMajor}, from which the database "${name}" was backed up`,
    { advice: `Restore to PostgreSQL ${sourceMajor} or newer.` },
  );
}

async function checkRights(
  session: PostgresSession,
  server: string,
  { user }: PostgresConnection,
): Promise<void> {
  const { may } = await session.row(
    z.object({ may: z.boolean() }),
    'SELECT rolsuper OR rolcreatedb AS may FROM pg_roles WHERE rolname = current_user',
  );
  if (may) return;
  throw new Failure('SourceUnsupported', `The user ${user} may not create databases in ${server}`, {
    advice: 'Restore as a superuser, or as a user with the right CREATEDB that owns what it restores.',
  });
}

async function checkOwner(session: PostgresSession, server: string, owner?: string): Promise<void> {
  if (owner === undefined || (await exists(session, owner))) return;
  throw new Failure('SourceUnsupported', `${server} has no role "${owner}", which shall own everything`, {
    advice: 'Make the role first, or name another as owner.',
  });
}

async function checkExtensions(
  session: PostgresSession,
  subject: string,
  { name, extensions }: DatabaseManifest,
): Promise<void> {
  const missing = await session.rows(
    z.object({ name: z.string() }),
    `SELECT wanted.name FROM unnest($1::text[]) AS wanted(name)
     WHERE wanted.name NOT IN (SELECT a.name FROM pg_available_extensions AS a)`,
    [extensions.map((extension) => extension.name)],
  );
  if (missing.length === 0) return;
  const list = missing.map((extension) => extension.name).join(', ');
  throw new Failure(
    'SourceUnsupported',
    `${subject} lacks what the database "${name}" needs: the extension ${list}`,
    {
      advice: `Install the packages of ${list} on the host of the target server.`,
    },
  );
}

/** The dump must be readable for pg_restore, and what it sends must be understood by the server. */
async function restoreTools(
  subject: string,
  serverMajor: number,
  { manifest, binDir, host, signal }: RestorePreflightRequest,
): Promise<ClientTools> {
  const oldest = manifest.dump.programMajor;
  const needsOlder = serverMajor < firstMajorWithTransactionTimeout;
  const newest = needsOlder ? firstMajorWithTransactionTimeout - 1 : Number.POSITIVE_INFINITY;
  if (oldest > newest) {
    throw new Failure(
      'SourceUnsupported',
      `The dump of the database "${manifest.name}" was written by pg_dump ${manifest.dump.program}, whose pg_restore does not work with ${subject}`,
      { advice: `Restore to PostgreSQL ${firstMajorWithTransactionTimeout} or newer.` },
    );
  }
  const tools = await findClientTools({
    major: Math.min(Math.max(oldest, serverMajor), newest),
    reason: `The target is ${subject}, the dump was written by pg_dump ${manifest.dump.program}`,
    host,
    signal,
    ...(binDir === undefined ? {} : { binDir }),
  });
  if (tools.major <= newest) return tools;
  throw new Failure(
    'ToolMissing',
    `pg_restore ${tools.version} in ${tools.folder} does not work with ${subject}: version ${oldest} to ${newest} is needed`,
    {
      advice: `Install the client programs of PostgreSQL ${serverMajor} (Debian: postgresql-client-${serverMajor}).`,
    },
  );
}

interface MissingRoles extends Pick<RestorePreflight, 'missingRoles'> {
  /** Those of them that the target does not have at all. */
  readonly absentRoles: ReadonlySet<string>;
}

async function readMissingRoles(
  session: PostgresSession,
  { roles, properties }: DatabaseManifest,
): Promise<MissingRoles> {
  const named = [...roles.owners, ...roles.grantees, ...roles.inPolicies, properties.owner];
  const granted = (properties.grants ?? []).flatMap(({ grantee }) => grantee ?? []);
  const missing = await session.rows(
    z.object({ name: z.string(), isAbsent: z.boolean() }),
    `SELECT wanted.name, r.oid IS NULL AS "isAbsent" FROM unnest($1::text[]) AS wanted(name)
     LEFT JOIN pg_roles AS r ON r.rolname = wanted.name
     WHERE r.oid IS NULL OR wanted.name = ANY ($2::text[]) AND NOT pg_has_role(r.oid, 'MEMBER')`,
    [
      [...named, ...granted],
      [...roles.owners, properties.owner],
    ],
  );
  return {
    missingRoles: new Set(missing.map(({ name }) => name)),
    absentRoles: new Set(missing.filter(({ isAbsent }) => isAbsent).map(({ name }) => name)),
  };
}

async function readMissingTablespaces(
  session: PostgresSession,
  { tablespaces }: DatabaseManifest,
): Promise<readonly string[]> {
  const missing = await session.rows(
    z.object({ name: z.string() }),
    `SELECT wanted.name FROM unnest($1::text[]) AS wanted(name)
     WHERE wanted.name NOT IN (SELECT spcname FROM pg_tablespace)`,
    [tablespaces],
  );
  return missing.map(({ name }) => name);
}

function checkPolicyRoles(
  subject: string,
  { name, roles }: DatabaseManifest,
  missing: ReadonlySet<string>,
): void {
  const needed = roles.inPolicies.filter((role) => missing.has(role));
  if (needed.length === 0) return;
  throw new Failure(
    'SourceUnsupported',
    `${subject} lacks roles that row security policies of the database "${name}" name: ${needed.join(', ')}`,
    { advice: 'Make the roles first, with the globals.sql of the snapshot.' },
  );
}

function omissions(
  { name, roles }: DatabaseManifest,
  { missingRoles, absentRoles }: MissingRoles,
  missingSpaces: readonly string[],
): Pick<RestorePreflight, 'options' | 'warnings'> {
  const owners = roles.owners.filter((role) => missingRoles.has(role));
  const grantees = roles.grantees.filter((role) => missingRoles.has(role));
  const because = (what: string, names: readonly string[]): string => {
    const absent = names.filter((role) => absentRoles.has(role));
    const others = names.filter((role) => !absentRoles.has(role));
    return [
      ...(absent.length > 0 ? [`these ${what} are missing: ${absent.join(', ')}`] : []),
      ...(others.length > 0 ? [`the user of the restore may not act as ${others.join(', ')}`] : []),
    ].join(', and ');
  };
  const found = [
    {
      missing: owners,
      option: '--no-owner',
      message: `All objects belong to the user of the restore, because ${because('owners', owners)}`,
    },
    {
      missing: [...owners, ...grantees],
      option: '--no-acl',
      message: `Rights on objects are not restored, because ${because('roles', [...owners, ...grantees])}`,
    },
    {
      missing: missingSpaces,
      option: '--no-tablespaces',
      message: `All objects lie in the default tablespace, because these are missing: ${missingSpaces.join(', ')}`,
    },
  ].filter(({ missing }) => missing.length > 0);
  return {
    options: found.map(({ option }) => option),
    warnings: found.map(({ message }) => ({ subject: name, message })),
  };
}
