import assert from 'node:assert/strict';
import { chmod, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ensureMariadb } from '../../../tools/mariadb.ts';
import { startMysqlServer } from '../../../tools/mysql-server.ts';
import { failureOf } from '../../failure-of.ts';
import { type TestScope, temporaryFolder } from '../../repository/temporary-folder.ts';
import { select } from '../../servers/mariadb.ts';
import { numbersTo, prepared } from '../../sources/mysql/sample.ts';
import { mountSmallDisk } from '../../stores/small-disk.ts';
import { backUp, databasesOf, planned, restoreBeside } from './round-trip.ts';

const mebibyte = 2 ** 20;

/** After the tests have removed what they have made at the server; the last first. */
const endings: (() => unknown)[] = [];
after(async () => {
  for (const end of endings.toReversed()) await end();
});
const file: TestScope = { after: (end) => void endings.push(end) };

test('a restore that fills the disk fails as that, and leaves the live database as it is', async (t) => {
  const disk = await mountSmallDisk(file, 400);
  if (disk === undefined) return t.skip('only root can mount a small disk');
  file.after(() => disk[Symbol.asyncDispose]());
  await chmod(disk.folder, 0o755);
  // A binary log on a full disk would wait for space.
  const logs = await temporaryFolder(file);
  await chmod(logs, 0o777);
  const tools = await ensureMariadb();
  const dataDir = join(disk.folder, 'server');
  const settings = { 'log-bin': join(logs, 'binlog'), 'innodb-log-file-size': '16M' };
  const { host, port, user, stop } = await startMysqlServer({ tools, dataDir, settings });
  file.after(() => stop());
  const server = { host, port, user, binDir: tools.binDir };
  const name = await prepared(t, server, [
    'CREATE TABLE big (id int PRIMARY KEY, content text)',
    `INSERT INTO big SELECT number, repeat(sha2(number, 256), 60) FROM (${numbersTo(10_000)}) AS numbers`,
  ]);
  const sum = () => select(server, 'SELECT count(*), sum(crc32(content)) FROM big', name);
  const before = await sum();
  const work = await backUp(t, server, [name]);
  const restoring = await planned(t, server, work, { target: name });
  const { bavail, bsize } = await statfs(disk.folder);
  await writeFile(join(disk.folder, 'ballast'), Buffer.alloc(bavail * bsize - 12 * mebibyte));

  const { message, advice } = await failureOf(restoreBeside(restoring), 'StorageFull');
  assert.match(message, /^Loading the dump of the database "\w+" failed: .* The table 'big' is full/);
  assert.match(advice, /space/i);
  await restoring.restorer.discard(restoring.plan, restoring.work);

  assert.deepEqual(await databasesOf(server, restoring.plan), [name]);
  assert.deepEqual(await sum(), before);
});
