import { statfs } from 'node:fs/promises';
import { z } from 'zod';
import type { PostgresConnection } from '../../sources/postgres/connection.ts';
import type { PostgresSession } from '../../sources/postgres/session.ts';

/** Bytes that are free where the server keeps its databases; undefined when only the server's host knows. */
export async function freeSpace(
  session: PostgresSession,
  { host }: PostgresConnection,
): Promise<number | undefined> {
  if (!host.startsWith('/') && !/^(localhost|::1|127\.)/.test(host)) return undefined;
  const [found] = await session.rows(
    z.object({ folder: z.string().nullable() }),
    `SELECT setting AS folder FROM pg_settings WHERE name = 'data_directory'`,
  );
  if (found?.folder == null) return undefined;
  try {
    const { bavail, bsize } = await statfs(found.folder);
    return bavail * bsize;
  } catch {
    // A tunnel or a container: the folder is another machine's.
    return undefined;
  }
}
