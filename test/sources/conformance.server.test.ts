import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { createCommandSource } from '../../sources/command/source.ts';
import { createFilesSource, type FilesSourceOptions } from '../../sources/files/source.ts';
import { createMysqlSource } from '../../sources/mysql/source.ts';
import { createPostgresSource } from '../../sources/postgres/source.ts';
import type { Source } from '../../sources/source.ts';
import { temporaryFolder } from '../repository/temporary-folder.ts';
import { mariadbServer } from '../servers/mariadb.ts';
import { postgresServer } from '../servers/postgres.ts';
import { testSource } from './conformance.ts';
import { dumpProgram, isDump, largeStatements, prepared, connectionTo as toMariadb } from './mysql/sample.ts';
import { connectionTo as toPostgres } from './postgres/sample.ts';

/** Closed at the end of the test, whatever happened to it. */
function closing(t: TestContext, source: Source): Source {
  t.after(() => source.close());
  return source;
}

const script = (code: string) => (t: TestContext) =>
  Promise.resolve(
    closing(
      t,
      createCommandSource({ name: 'app', file: 'data.txt', command: { words: ['sh', '-c', code], env: {} } }),
    ),
  );

testSource('command', {
  whole: script('echo data'),
  absent: async (t) =>
    closing(
      t,
      createCommandSource({ name: 'app', file: 'x', command: { words: ['no-such-program'], env: {} } }),
    ),
  long: script('while :; do echo data; done'),
  broken: script('echo data; kill -9 $$'),
});

const filesOf = (paths: readonly string[]): FilesSourceOptions => ({
  paths,
  exclude: [],
  excludeCaches: false,
  oneFileSystem: false,
});

testSource('files', {
  async whole(t) {
    const folder = path.join(await temporaryFolder(t), 'data');
    await mkdir(path.join(folder, 'sub'), { recursive: true });
    for (const name of ['b', 'a', 'sub/c']) await writeFile(path.join(folder, name), name);
    wholeFolders.set(t, wholeFolders.get(t) ?? folder);
    return closing(t, createFilesSource(filesOf([wholeFolders.get(t) ?? folder])));
  },
  absent: async (t) => closing(t, createFilesSource(filesOf(['/no/such/folder']))),
});

testSource('mysql', {
  whole: (t) => mysqlSource(t, ['CREATE TABLE item (id int PRIMARY KEY)', 'INSERT INTO item VALUES (1)']),
  absent: async (t) =>
    closing(t, createMysqlSource({ name: 'sample', connection: { host: '127.0.0.1', port: 1, user: 'x' } })),
  long: (t) => mysqlSource(t, largeStatements),
  broken: (t) => mysqlSource(t, largeStatements, '"$REAL" "$@" | head -c 1000000'),
  isLong: isDump,
});

testSource('postgres', {
  async whole(t) {
    const server = await postgresServer(17);
    const { binDir } = server;
    const options = { name: 'sample', connection: toPostgres(server), databases: ['postgres'], binDir };
    return closing(t, createPostgresSource(options));
  },
  async absent(t) {
    const server = await postgresServer(17);
    const connection = { ...toPostgres(server), port: 1 };
    return closing(t, createPostgresSource({ name: 'sample', connection, binDir: server.binDir }));
  },
});

/** One folder, and one database, for all sources of a test. */
const wholeFolders = new WeakMap<TestContext, string>();
const databases = new WeakMap<TestContext, string>();

async function mysqlSource(t: TestContext, statements: readonly string[], dump?: string): Promise<Source> {
  const server = await mariadbServer();
  const database = databases.get(t) ?? (await prepared(t, server, statements));
  databases.set(t, database);
  const binDir = dump === undefined ? server.binDir : await dumpProgram(t, server, dump);
  return closing(
    t,
    createMysqlSource({
      name: 'sample',
      connection: toMariadb(server),
      databases: [database],
      users: false,
      binDir,
    }),
  );
}
