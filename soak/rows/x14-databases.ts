import assert from 'node:assert/strict';
import { chmod, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isFailure } from '../../contracts/failures.ts';
import { createPostgresSource } from '../../sources/postgres/source.ts';
import type { Source } from '../../sources/source.ts';
import { backUpEntries } from '../../test/repository/back-up.ts';
import { type TestScope, temporaryFolder } from '../../test/repository/temporary-folder.ts';
import { testRepository } from '../../test/repository/test-repository.ts';
import { mariadbOf } from '../../test/servers/scoped-mariadb.ts';
import { createDatabase, postgresOf, type SharedPostgres } from '../../test/servers/scoped-postgres.ts';
import { dumpProgram, largeStatements, prepared, sourceOf } from '../../test/sources/mysql/sample.ts';
import { childrenOf } from '../../test/sources/postgres/processes.ts';
import { connectionTo, execute } from '../../test/sources/postgres/sample.ts';
import type { Random } from '../random.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';

const never = new AbortController().signal;

/** What the dump program does, as code of a shell that has the real one as "$REAL". */
const deaths: Readonly<Record<string, (random: Random) => string>> = {
  'killed after output': (random) => `"$REAL" "$@" | head -c ${part(random)}; kill -9 $$`,
  'exit status 1 after a whole dump': () => '"$REAL" "$@"; echo "lost connection" >&2; exit 1',
  'ends well in the middle': (random) => `"$REAL" "$@" | head -c ${part(random)}; exit 0`,
  'closes its output, then fails': (random) => `"$REAL" "$@" | head -c ${part(random)}; exec 1>&-; exit 1`,
  'prints nothing': () => 'exit 0',
  'ends well, a few bytes short': () => '"$REAL" "$@" | head -c -4; exit 0',
};

/** Less than any of the dumps. */
function part(random: Random): number {
  return random.below(20_000);
}

/** Exit status and trailer of the dump must both be right. */
export const dyingDumps: Row = {
  id: 'X14-databases',
  title:
    'a dump of a database whose program dies, fails or stops early makes no snapshot and leaves no process',
  counts: { test: 6, soak: 120 },
  run: async (run) => {
    const { repository } = await testRepository(run);
    const sources = [await postgresCase(run), await mariadbCase(run)];
    const plays = Object.entries(deaths);
    const children = (await childrenOf(process.pid)).length;
    for (const { number, random } of run.cases()) {
      const [name, play] = plays[number % plays.length] ?? [];
      const kind = sources[Math.floor(number / plays.length + number) % sources.length];
      if (name === undefined || play === undefined || kind === undefined) return;
      await run.check(`${kind.name}: ${name}`, async () => {
        const source = await kind.source(play(random));
        const roots = source.capture({ signal: never, warn: () => {} });
        const failure: unknown = await backUpEntries(repository, roots).then(
          () => undefined,
          (error: unknown) => error,
        );
        await source.close();
        assert.ok(isFailure(failure), `it ended with ${failure}`);
        assert.match(failure.type, /^(ToolFailed|Source|Stalled)/, failure.message);
        assert.deepEqual(await Array.fromAsync(repository.snapshots()), []);
        assert.equal((await childrenOf(process.pid)).length, children);
      });
    }
  },
};

interface DatabaseCase {
  readonly name: string;
  /** A source whose dump program is this script. */
  readonly source: (script: string) => Promise<Source>;
}

async function mariadbCase(run: RowRun): Promise<DatabaseCase> {
  const server = await mariadbOf(run);
  const databases = [await prepared(run, server, largeStatements)];
  return {
    name: 'mariadb',
    source: async (script) =>
      sourceOf(run, server, { databases, binDir: await dumpProgram(run, server, script) }),
  };
}

async function postgresCase(run: RowRun): Promise<DatabaseCase> {
  const server = await postgresOf(run, 17);
  const database = await createDatabase(server);
  run.after(() => database.drop());
  const table = 'CREATE TABLE big AS SELECT n, md5(n::text) FROM generate_series(1, 20000) n';
  await execute(connectionTo(server, database.name), table);
  const connection = connectionTo(server);
  return {
    name: 'postgres',
    source: async (script) =>
      createPostgresSource({
        name: 'sample',
        connection,
        databases: [database.name],
        binDir: await postgresPrograms(run, server, script),
      }),
  };
}

/** The programs of a server, with a script in place of pg_dump. */
async function postgresPrograms(t: TestScope, server: SharedPostgres, script: string): Promise<string> {
  const folder = await temporaryFolder(t);
  for (const name of ['pg_dumpall', 'pg_restore'])
    await symlink(join(server.binDir, name), join(folder, name));
  const program = join(folder, 'pg_dump');
  await writeFile(
    program,
    `#!/bin/sh\nREAL=${server.binDir}/pg_dump\ncase "$*" in *--version*) exec "$REAL" "$@";; esac\n${script}\n`,
  );
  await chmod(program, 0o755);
  return folder;
}
