import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isFailure } from '../../contracts/failures.ts';
import { loadDump } from '../../restore/mysql/load.ts';
import { runCommand } from '../../test/cli/command-line.ts';
import { temporaryFolder } from '../../test/repository/temporary-folder.ts';
import { testPassword, testRepository } from '../../test/repository/test-repository.ts';
import { backUp, planned, prepared as preparedPostgres } from '../../test/restore/postgres/round-trip.ts';
import { mariadbOf, select } from '../../test/servers/scoped-mariadb.ts';
import { postgresOf } from '../../test/servers/scoped-postgres.ts';
import { prepared, connectionTo as toMariadb } from '../../test/sources/mysql/sample.ts';
import { column, connectionTo } from '../../test/sources/postgres/sample.ts';
import { tricks } from '../hostile/tricks.ts';
import { HostileWriter } from '../hostile/writer.ts';
import type { Row } from '../row.ts';
import { scoped } from '../scope.ts';

const execute = promisify(execFile);
const never = new AbortController().signal;

/** What a client program would do on its own machine, if it read one of these lines of a dump. */
const clientCommands = (mark: string): readonly string[] => [
  `\\! touch ${mark}`,
  `\\copy (SELECT 1) TO '${mark}'`,
  `\\copy (SELECT 1) TO PROGRAM 'touch ${mark}'`,
  `\\o ${mark}`,
  `\\g | touch ${mark}`,
  `\\w ${mark}`,
  `\\i /etc/passwd\n\\! touch ${mark}`,
  `\\.\n\\! touch ${mark}`,
  `\\connect postgres\n\\! touch ${mark}`,
  `\\setenv PAGER 'touch ${mark}'\n\\pset pager always`,
];

/** Each where pg_dump has written names and texts of the database into lines of their own. */
export const psqlCommands: Row = {
  id: 'X18-psql',
  title: 'lines for psql in names, comments, rows and code of a database run nothing when it is restored',
  counts: { test: 1, soak: 30 },
  run: async (run) => {
    const server = await postgresOf(run, 17);
    for (const { number } of run.cases()) {
      await run.check('psql', () =>
        scoped(async (scope) => {
          const mark = join(await temporaryFolder(scope), 'ran');
          const commands = clientCommands(mark);
          const line = `x\n${commands[number % commands.length]}\n`;
          const [name, text] = [
            `"${line.replaceAll('"', '""').slice(0, 60)}"`,
            `'${line.replaceAll("'", "''")}'`,
          ];
          const database = await preparedPostgres(
            scope,
            server,
            `CREATE TABLE ${name} (${name} text DEFAULT ${text});
             INSERT INTO ${name} VALUES (${text}), (E'\\\\.'), (${text});
             COMMENT ON TABLE ${name} IS ${text};
             CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $body$ SELECT ${text} $body$`,
          );
          const { restorer, plan, work } = await planned(
            scope,
            server,
            await backUp(scope, server, database),
          );
          const [planOfOne] = plan.databases;
          assert.ok(planOfOne);
          await restorer.prepare(planOfOne, plan, work);
          for (const section of planOfOne.sections) {
            await restorer.load({ database: planOfOne, section }, plan, work);
          }
          const restored = connectionTo(server, planOfOne.beside);
          const rows = await column(restored, `SELECT * FROM public.${name}`);
          assert.deepEqual(rows.toSorted(), ['\\.', line, line].toSorted());
          assert.equal(existsSync(mark), false, 'a line for psql was run');
          await restorer.discard(plan, work);
        }),
      );
    }
  },
};

/** Statements and lines that somebody has put into a dump of MySQL or MariaDB. */
const planted = (mark: string, victim: string): readonly string[] => [
  ...clientCommands(mark).map((line) => `${line}\n`),
  `system touch ${mark}\n`,
  `source /etc/passwd\n`,
  `tee ${mark}\n`,
  `pager touch ${mark}\n`,
  `DELIMITER ;;\nsystem touch ${mark};;\nDROP TABLE ${victim};;\nDELIMITER ;\n`,
  `DROP DATABASE ${victim.split('.')[0]};\n`,
  `DROP TABLE ${victim};\n`,
  `DELETE FROM ${victim};\n`,
  `INSERT INTO ${victim} VALUES (2);\n`,
  `INSERT INTO \`t\` VALUES (1); DROP TABLE ${victim};\n`,
  `/*!50003 DROP TABLE ${victim} */;\n`,
  `/*M!100100 DROP TABLE ${victim} */;\n`,
  `SELECT 1 INTO OUTFILE '${mark}';\n`,
  `LOAD DATA INFILE '/etc/passwd' INTO TABLE ${victim};\n`,
  `USE ${victim.split('.')[0]};\nDROP TABLE ${victim.split('.')[1]};\n`,
  `SET GLOBAL general_log_file = '${mark}';\n`,
  `GRANT ALL ON *.* TO evil@localhost;\n`,
  `CREATE USER evil@localhost;\n`,
  `CREATE TABLE ${victim.split('.')[0]}.evil (id int);\n`,
  `INSTALL PLUGIN evil SONAME 'evil.so';\n`,
];

export const plantedStatements: Row = {
  id: 'X18-mysql',
  title: 'what somebody has planted into a dump of MySQL touches no other database, no user and no file',
  counts: { test: 30, soak: 300 },
  run: async (run) => {
    const server = await mariadbOf(run);
    const victim = await prepared(run, server, ['CREATE TABLE v (id int)', 'INSERT INTO v VALUES (1)']);
    const state = async () => [
      await select(server, `SELECT * FROM ${victim}.v`),
      await select(
        server,
        `SELECT table_name FROM information_schema.tables WHERE table_schema = '${victim}'`,
      ),
      await select(server, "SELECT count(*) FROM mysql.global_priv WHERE user = 'evil'"),
      await select(server, 'SELECT @@general_log_file'),
    ];
    const before = await state();
    for (const { number, random } of run.cases()) {
      await run.check('planted', () =>
        scoped(async (scope) => {
          const mark = join(await temporaryFolder(scope), 'ran');
          const database = await prepared(scope, server, []);
          const statements = planted(mark, `${victim}.v`);
          const good = 'CREATE TABLE `t` (`id` int);\nINSERT INTO `t` VALUES (7);\n';
          const evil = statements[number % statements.length] ?? '';
          const text =
            random.below(2) === 0 ? `${good}${evil}${good.replace('`t`', '`u`')}` : `${evil}${good}`;
          await loaded(text, database).catch((error: unknown) => assert.ok(isFailure(error), `${error}`));
          assert.deepEqual(await state(), before, evil);
          assert.equal(existsSync(mark), false, evil);
        }),
      );
    }
    async function loaded(text: string, database: string): Promise<unknown> {
      return await loadDump({
        connection: toMariadb(server),
        database,
        recordedName: 'recorded',
        dump: pieces(Buffer.from(text)),
        accounts: undefined,
        signal: never,
        onBytes: () => {},
      });
    }
  },
};

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < bytes.length; offset += 13) yield bytes.subarray(offset, offset + 13);
}

const plantedNames = [
  'names that lead out',
  'writing through a link',
  'hard links to elsewhere',
  'impossible metadata',
];

/** `dump --archive` of a hostile repository, unpacked by the programs that people unpack with. */
export const archives: Row = {
  id: 'X18-archives',
  title: 'an archive that is made of a hostile snapshot unpacks to nothing outside of its folder',
  counts: { test: 8, soak: 300 },
  run: async (run) => {
    const plays = Object.entries(tricks).filter(([name]) => plantedNames.includes(name));
    for (const { number, random } of run.cases()) {
      const [name, play] = plays[Math.floor(number / 2) % plays.length] ?? [];
      const format = number % 2 === 0 ? 'tar' : 'zip';
      if (name === undefined || play === undefined) return;
      await run.check(`${format}: ${name}`, () =>
        scoped(async (scope) => {
          const base = await temporaryFolder(scope);
          const [outside, target] = [join(base, 'outside'), join(base, 'target')];
          for (const made of [outside, target]) await mkdir(made);
          await writeFile(join(outside, 'victim'), 'untouched');
          const own = await testRepository(scope);
          const snapshot = await play({
            writer: new HostileWriter(own.repository, own.folder),
            random,
            outside,
          });
          if (snapshot === undefined) return;
          const file = join(base, `x.${format}`);
          const env = { RESTIC_REPOSITORY: own.folder, RESGUARDO_PASSWORD: testPassword.reveal() };
          const args = ['dump', snapshot, '/', '--archive', format, '--target', file];
          const { code } = await runCommand(args, { env });
          assert.ok(code === 0 || code === 1 || code === 4, `exit code ${code}`);
          if (existsSync(file)) await unpack(format, file, target);
          assert.equal(await readFile(join(outside, 'victim'), 'utf8'), 'untouched');
          assert.deepEqual(await readdir(outside), ['victim']);
          assert.deepEqual(
            (await readdir(base)).filter((entry) => !['outside', 'target', `x.${format}`].includes(entry)),
            [],
          );
        }),
      );
    }
  },
};

/** With the options that trust an archive most. */
async function unpack(format: 'tar' | 'zip', file: string, target: string): Promise<void> {
  const [program, args] =
    format === 'tar'
      ? ['tar', ['--extract', '--absolute-names', '--file', file, '--directory', target]]
      : ['unzip', ['-q', '-o', '-:', file, '-d', target]];
  await execute(program as string, args as string[]).catch(() => {});
}
