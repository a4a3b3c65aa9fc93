import { z } from 'zod';
import { isFailure } from '../../contracts/failures.ts';
import type { Warning } from '../../contracts/jobs.ts';
import type { ProgramHost } from '../../programs/host.ts';
import { type DumpTool, findDumpTool } from '../../sources/mysql/client-tools.ts';
import { describeServer, type MysqlConnection } from '../../sources/mysql/connection.ts';
import type { DatabaseManifest, MysqlManifest } from '../../sources/mysql/manifest.ts';
import { flavourNames, readVersion, type ServerFacts } from '../../sources/mysql/server.ts';
import type { MysqlSession } from '../../sources/mysql/session.ts';

export interface PreflightRequest {
  readonly connection: MysqlConnection;
  readonly manifest: MysqlManifest;
  readonly binDir?: string;
  readonly host: ProgramHost;
  readonly signal: AbortSignal;
}

export interface RestorePreflight {
  readonly server: Pick<ServerFacts, 'flavour' | 'version' | 'major'>;
  /** "MariaDB 10.11.19 at db1:3306". */
  readonly subject: string;
  /** For the comparison of what was restored; undefined if there is none. */
  readonly tool: DumpTool | undefined;
  /** Users of the target, as `user@host`; undefined if they may not be seen. */
  readonly accounts: ReadonlySet<string> | undefined;
  readonly blockers: readonly string[];
  readonly warnings: readonly Warning[];
}

/** Looks whether a server can take what a snapshot holds, before anything is made there. */
export async function checkServer(
  session: MysqlSession,
  request: PreflightRequest,
): Promise<RestorePreflight> {
  const { connection, manifest, host, signal, binDir } = request;
  const server = await readVersion(session, connection);
  const subject = `${flavourNames[server.flavour]} ${server.version} at ${describeServer(connection)}`;
  const blockers: string[] = [];
  const recorded = `${flavourNames[manifest.server.flavour]} ${manifest.server.version}`;
  if (server.flavour !== manifest.server.flavour) {
    blockers.push(`${subject} cannot take a dump of ${recorded}: the two have grown apart.`);
  }
  const tool = await findDumpTool({
    ...server,
    reason: `The target is ${subject}`,
    host,
    signal,
    ...(binDir === undefined ? {} : { binDir }),
  }).catch((error: unknown) => {
    if (!isFailure(error, 'ToolMissing')) throw error;
    blockers.push(`${error.message}: what is restored could not be compared.`);
    return undefined;
  });
  const isOlder = server.flavour === manifest.server.flavour && server.major < manifest.server.major;
  const message = `${subject} is older than ${recorded}: it may not know all that the dump holds`;
  const warnings = isOlder ? [{ subject: 'server', message }] : [];
  return { server, subject, tool, accounts: await readAccounts(session), blockers, warnings };
}

/** What stands in the way of replacing a database. */
export async function replaceBlockers(session: MysqlSession, target: string): Promise<readonly string[]> {
  const rows = await session.rows(
    z.object({ schema: z.string(), name: z.string() }),
    `SELECT DISTINCT table_schema AS \`schema\`, table_name AS name FROM information_schema.key_column_usage
     WHERE referenced_table_schema = ? AND table_schema <> ? ORDER BY 1, 2`,
    [target, target],
  );
  return rows.map(
    ({ schema, name }) =>
      `The table "${name}" of the database "${schema}" has a foreign key into "${target}", which would go along with the tables that are replaced: drop it first.`,
  );
}

/** Users in whose name code runs, and who are missing at the target. */
export function definerWarnings(
  { name, definers }: DatabaseManifest,
  accounts: ReadonlySet<string> | undefined,
): readonly Warning[] {
  const missing = definers.filter((definer) => accounts !== undefined && !accounts.has(definer));
  if (missing.length === 0) return [];
  const message = `Views, routines, triggers and events of these users will run in the name of the user of the restore, because they are missing: ${missing.join(', ')}`;
  return [{ subject: name, message }];
}

async function readAccounts(session: MysqlSession): Promise<ReadonlySet<string> | undefined> {
  try {
    const rows = await session.rows(
      z.object({ account: z.string() }),
      "SELECT concat(User, '@', Host) AS account FROM mysql.user",
    );
    return new Set(rows.map(({ account }) => account));
  } catch (error) {
    if (isFailure(error, 'SourceAuthentication')) return undefined;
    throw error;
  }
}
