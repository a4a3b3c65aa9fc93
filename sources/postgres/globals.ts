import { join } from 'node:path';
import { captureProgram } from '../../programs/capture.ts';
import type { ProgramContext } from './dump.ts';
import { databaseString, libpqSettings } from './libpq.ts';
import { programFailure } from './program-errors.ts';

/** Room for some hundred thousand roles. */
const maxGlobalsBytes = 67_108_864;

/**
 * Roles, their memberships and settings, and tablespaces, as statements for psql. `withPasswords` asks for
 * the hashes of the passwords, which superusers alone may read.
 * @throws {Failure} SourceUnreachable, SourceAuthentication, ToolFailed
 */
export async function dumpGlobals(
  { connection, tools, host, signal }: ProgramContext,
  withPasswords: boolean,
): Promise<Buffer> {
  const { database } = connection;
  try {
    const { stdout } = await captureProgram({
      command: join(tools.folder, 'pg_dumpall'),
      args: [
        '--globals-only',
        '--no-password',
        '--no-sync',
        // The name alone would be taken for a connection string if it held "=".
        `--database=${databaseString(database)}`,
        ...(withPasswords ? [] : ['--no-role-passwords']),
      ],
      ...libpqSettings(connection, database),
      host,
      signal,
      maxOutputBytes: maxGlobalsBytes,
    });
    return withoutRestriction(stdout);
  } catch (error) {
    throw programFailure('The dump of the roles', error);
  }
}

/**
 * Takes out the first `\restrict KEY` and the last `\unrestrict KEY`, which psql understands since August
 * 2025: the key is random, so the same roles would be other bytes at each run.
 */
export function withoutRestriction(sql: Buffer): Buffer {
  const text = sql.toString('latin1');
  const opening = /^\\restrict ([A-Za-z0-9]+)\n/m.exec(text);
  if (opening === null) return sql;
  const closing = `\n\\unrestrict ${opening[1]}\n`;
  const end = text.lastIndexOf(closing);
  const start = opening.index + opening[0].length;
  const body =
    end < start ? text.slice(start) : text.slice(start, end + 1) + text.slice(end + closing.length);
  return Buffer.from(text.slice(0, opening.index) + body, 'latin1');
}
