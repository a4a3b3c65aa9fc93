import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { type CommandEnd, jsonLinesOf, runCommand } from '../cli/command-line.ts';
import { createDatabase as createMariadb, mariadbServer } from '../servers/mariadb.ts';
import { connectionUrl, createDatabase, postgresServer } from '../servers/postgres.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { workBench } from './bench.ts';
import { cleanUp } from './clean-up.ts';
import { fillWithRandomFiles } from './installation.ts';

const line = ['--tag', 'pre-deploy', '--max-age', '1h', '--json'];

describe('the backup of a deploy script', () => {
  let server: TemporalServer;

  before(async () => {
    server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => server?.stop());

  test('is taken of a source of any kind, and not again as long as it is young enough', async (t) => {
    const { sources, env } = await everyKind(t);
    const { installation } = await workBench(t, server.address, {
      installation: { moreSources: sources },
      worker: { env: { ...process.env, ...env } },
    });
    await fillWithRandomFiles(installation.docs, { files: 3, bytesEach: 1000 });
    const run = (args: readonly string[]): Promise<CommandEnd> =>
      runCommand(['backup', ...args, ...line], { cwd: installation.folder, env });
    const names = ['docs', 'shop', 'crm', 'app'];
    for (const name of names) {
      const first = await run([name]);
      assert.equal(first.code, 0, first.stderr);
      const made = jsonLinesOf(first).at(-1);
      assert.partialDeepStrictEqual(made, { source: name, status: 'done' });
      const second = await run([name]);
      assert.equal(second.code, 0, second.stderr);
      const found = { source: name, status: 'fresh', snapshot: made?.snapshot };
      assert.partialDeepStrictEqual(jsonLinesOf(second).at(-1), found);
    }
    const snapshots = await installation.snapshots();
    assert.equal(snapshots.length, names.length);
    assert.ok(snapshots.every(({ tags }) => tags.includes('pre-deploy')));
  });

  test('is taken though a snapshot is dated in the future, and the clocks are warned of', async (t) => {
    const { installation } = await workBench(t, server.address);
    const { folder, docs, repositoryPath, configuration } = installation;
    await fillWithRandomFiles(docs, { files: 3, bytesEach: 1000 });
    const access = ['--repo', repositoryPath, '--password-file', path.join(folder, 'key')];
    const future = ['--time', '2099-01-02 03:04:05', '--tag', 'source:docs', '--host', configuration.host];
    const stored = await runCommand(['repo', 'backup', docs, ...access, ...future], { cwd: folder });
    assert.equal(stored.code, 0, stored.stderr);
    const run = (): Promise<CommandEnd> => runCommand(['backup', 'docs', ...line], { cwd: folder });
    for (const status of ['done', 'fresh']) {
      const end = await run();
      assert.equal(end.code, 0, end.stderr);
      assert.partialDeepStrictEqual(jsonLinesOf(end).at(-1), { source: 'docs', status });
      assert.match(
        end.stderr,
        /warning: the newest snapshot of docs, \w{8}, is dated in the future .* clocks/,
      );
    }
  });

  test('that is not there, or there in part, is told by the exit code', async (t) => {
    const { installation } = await workBench(t, server.address, {
      installation: {
        moreSources: `  half: { kind: command, command: [sh, -c, "echo half; exit 1"] }
  parts: { kind: files, paths: [docs], hooks: { before: [{ command: ['false'], onError: continue }] } }
  away: { kind: files, paths: [docs], repository: away }
  locked: { kind: files, paths: [docs], repository: locked }`,
        moreRepositories: `  away: { url: nowhere, password: "file:key" }
  locked: { url: repository, password: "file:other.key" }`,
        more: 'defaultRepository: main',
      },
    });
    const { folder, docs } = installation;
    await fillWithRandomFiles(docs, { files: 3, bytesEach: 1000 });
    await writeFile(path.join(folder, 'other.key'), 'another', { mode: 0o600 });
    await mkdir(path.join(folder, 'empty'));
    for (const [source, code, words] of [
      ['half', 1, /exit status 1/],
      ['parts', 3, /hook before/],
      ['unknown', 2, /no source "unknown"/],
      ['away', 10, /repository/],
      ['locked', 12, /password|key/],
    ] as const) {
      const end = await runCommand(['backup', source, ...line], { cwd: folder });
      assert.equal(end.code, code, `${source}: ${end.stderr}`);
      assert.match(end.stdout + end.stderr, words);
    }
    const again = await runCommand(['backup', 'half', ...line], { cwd: folder });
    assert.equal(again.code, 1, 'what has failed is not young enough');
  });
});

async function everyKind(t: TestContext) {
  const postgres = await postgresServer(17);
  const shop = await createDatabase(postgres);
  cleanUp(t, () => shop.drop());
  const mariadb = await mariadbServer();
  const crm = await createMariadb(mariadb);
  cleanUp(t, () => crm.drop());
  const sources = `  shop: { kind: postgres, connection: env:SHOP_URL, databases: [${shop.name}], binDir: ${postgres.binDir} }
  crm: { kind: mysql, connection: env:CRM_URL, databases: [${crm.name}], binDir: ${mariadb.binDir} }
  app: { kind: command, command: [seq, "1000"] }`;
  const { host, port, user } = mariadb;
  const env = {
    SHOP_URL: connectionUrl(postgres, 'postgres'),
    CRM_URL: `mysql://${user}@${host}:${port}`,
  };
  return { sources, env };
}
