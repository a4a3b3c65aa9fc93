import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { ReplacedResult } from '../../contracts/database-restore.ts';
import { isFailure } from '../../contracts/failures.ts';
import { startBackup } from '../../control/backup.ts';
import { type Control, connectControl } from '../../control/client.ts';
import { rejectRestore, startRestore, startRollback } from '../../control/restore.ts';
import { type Run, runResult } from '../../control/runs.ts';
import { watchRun } from '../../control/watch.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { failureOf } from '../failure-of.ts';
import { createDatabase, execute, mariadbServer, select } from '../servers/mariadb.ts';
import { createDatabase as createPostgresDatabase, postgresServer } from '../servers/postgres.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { column, connectionTo, execute as runSql } from '../sources/postgres/sample.ts';
import { workBench } from './bench.ts';
import { cleanUp } from './clean-up.ts';
import {
  environmentIn,
  type Hooks,
  hookBench,
  hookLists,
  logHas,
  logIn,
  noted,
  sourceWith,
} from './hook-bench.ts';
import { type Installation, install } from './installation.ts';
import { startWorkerChild } from './worker-child.ts';

const everywhere = {
  before: noted,
  beforeReplace: noted,
  after: noted,
  onFailure: noted,
  always: noted,
} satisfies Hooks;

const inPlace = { source: 'wiki', inPlace: true, confirmed: true } as const;

describe('the hooks around a restore', () => {
  let server: TemporalServer;

  before(async () => {
    server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => server?.stop());

  test('run in their order, and are told what is replaced and how it can be undone', async (t) => {
    const { folder, control, installation } = await changed(t, server.address, {
      // Those of the safety backup, which is between the two.
      afterRead: noted,
      restore: { ...everywhere, always: `${noted}; env | grep ^RESGUARDO_ | sort > "$LOG.env"` },
    });
    const run = await startRestore(control, inPlace);
    const { status, hooks, replaced, snapshot, files, bytes } = { status: 'done', ...(await runResult(run)) };
    assert.equal(status, 'done');
    assert.deepEqual(await logIn(folder), [
      ...['before running', 'afterRead running', 'beforeReplace running', 'after done', 'always done'],
    ]);
    assert.deepEqual(
      hooks?.map(({ point, status }) => `${point} ${status}`),
      ['before done', 'beforeReplace done', 'after done', 'always done'],
    );
    const { RESGUARDO_STARTED_AT: startedAt, ...env } = await environmentIn(folder);
    assert.ok(startedAt !== undefined);
    assert.deepEqual(env, {
      RESGUARDO_HOOK: 'always',
      RESGUARDO_HOOK_NAME: 'sh',
      RESGUARDO_HOOK_ATTEMPT: '1',
      RESGUARDO_WORKFLOW: 'restore',
      RESGUARDO_WORKFLOW_ID: 'restore/wiki',
      RESGUARDO_RUN_ID: run.runId,
      RESGUARDO_STATUS: 'done',
      RESGUARDO_SOURCE: 'wiki',
      RESGUARDO_KIND: 'files',
      RESGUARDO_REPOSITORY: 'main',
      RESGUARDO_HOST: 'test-host',
      RESGUARDO_SNAPSHOT: snapshot,
      RESGUARDO_FILES: String(files),
      RESGUARDO_BYTES: String(bytes),
      RESGUARDO_WARNINGS: '0',
      RESGUARDO_TARGET: '/',
      RESGUARDO_REPLACES: installation.docs,
      RESGUARDO_ROLLBACK: replaced?.restore,
    });
  });

  test('run without the one before a replacement where nothing is replaced', async (t) => {
    const { folder, control } = await changed(t, server.address, { restore: everywhere });
    const target = path.join(folder, 'elsewhere');
    await runResult(await startRestore(control, { source: 'wiki', target }));
    assert.deepEqual(await logIn(folder), ['before running', 'after done', 'always done']);
  });

  test('do not run for a restore that nobody allows', async (t) => {
    const { folder, control } = await changed(t, server.address, { restore: everywhere });
    const run = await startRestore(control, { source: 'wiki', inPlace: true });
    for await (const { phase } of watchRun(run)) if (phase === 'confirm') break;
    await rejectRestore(run);
    await assert.rejects(runResult(run), (error) => isFailure(error, 'NotConfirmed'));
    assert.deepEqual(await logIn(folder), []);
  });

  test('leave everything as it is when one fails, and clean up', async (t) => {
    const { folder, control, installation } = await changed(t, server.address, {
      restore: { ...everywhere, beforeReplace: `${noted}; echo "cannot stop it" >&2; exit 7` },
    });
    await assert.rejects(runResult(await startRestore(control, inPlace)), (error) => {
      assert.ok(isFailure(error, 'HookFailed'));
      assert.match(
        error.message,
        /^The hook beforeReplace 1 \(sh\) of the restore of wiki: .*cannot stop it$/,
      );
      return true;
    });
    assert.equal(await note(installation), 'new');
    assert.deepEqual(await logIn(folder), [
      ...['before running', 'beforeReplace running', 'onFailure failed', 'always failed'],
    ]);
  });

  test('that fail behind it say that the restore is whole, and how to undo it', async (t) => {
    const { folder, control, installation } = await changed(t, server.address, {
      restore: { ...everywhere, after: '[ "$RESGUARDO_WORKFLOW" != restore ]' },
    });
    let restore = '';
    await assert.rejects(runResult(await startRestore(control, inPlace)), (error) => {
      assert.ok(isFailure(error, 'HookFailed'));
      assert.match(error.message, /it printed no reason\. The restore itself is whole: \/$/);
      restore = /`resguardo rollback (\S+)` undoes the restore/.exec(error.advice)?.[1] ?? '';
      return true;
    });
    assert.equal(await note(installation), 'old');
    assert.deepEqual((await logIn(folder)).slice(-2), ['onFailure failed', 'always failed']);
    await runResult(await startRollback(control, restore));
    assert.equal(await note(installation), 'new');
  });

  test('are ended when their time is over, and nothing is restored then', async (t) => {
    const { folder, control, installation } = await changed(t, server.address, {
      restore: { ...everywhere, before: 'echo half; sleep 600', timeout: '1s' },
    });
    await assert.rejects(runResult(await startRestore(control, inPlace)), (error) => {
      assert.ok(isFailure(error, 'HookFailed'));
      assert.match(error.message, /did not end within 1 s; it had printed: half$/);
      return true;
    });
    assert.equal(await note(installation), 'new');
    assert.deepEqual(await logIn(folder), ['onFailure failed', 'always failed']);
  });

  test('are finished by another worker when theirs is killed in the middle of one', async (t) => {
    const counted = `${noted}; echo "attempt $RESGUARDO_HOOK_ATTEMPT" >> "$LOG"`;
    const restore = {
      // The first attempt never ends.
      beforeReplace: `${counted}; [ "$RESGUARDO_HOOK_ATTEMPT" != 1 ] || exec sleep 600`,
      always: counted,
    };
    const installation = await install({ address: server.address, moreSources: sourceWith({ restore }) });
    cleanUp(t, () => installation.remove());
    const { folder } = installation;
    await writeFile(path.join(installation.docs, 'note'), 'old');
    const control = await connectControl({ settings: { address: server.address }, env: {} });
    cleanUp(t, () => control.close());
    const env = { ...process.env, LOG: path.join(folder, 'log') };
    const first = await startWorkerChild(installation, { name: 'never', count: 1, env });
    cleanUp(t, () => first.kill());
    await runResult(await startBackup(control, { source: 'wiki' }));
    await writeFile(path.join(installation.docs, 'note'), 'new');
    const run = await startRestore(control, inPlace);
    await logHas(folder, 'attempt 1');
    assert.equal(await note(installation), 'new');
    await first.kill();
    const second = await startWorkerChild(installation, { name: 'never', count: 1, env });
    cleanUp(t, () => second.kill());
    await runResult(run);
    assert.equal(await note(installation), 'old');
    assert.deepEqual(await logIn(folder), [
      ...['beforeReplace running', 'attempt 1', 'beforeReplace running', 'attempt 2'],
      ...['always done', 'attempt 1'],
    ]);
  });

  test('of a database come when its copy is ready, and a failed one leaves the live database alone', async (t) => {
    const mariadb = await mariadbServer();
    const { name, drop } = await createDatabase(mariadb, 'hooked');
    cleanUp(t, drop);
    const beside = async (): Promise<string[]> =>
      (await select(mariadb, `SHOW DATABASES LIKE '${name}\\_\\_%'`)).flat();
    cleanUp(t, async () =>
      execute(
        mariadb,
        (await beside()).map((left) => `DROP DATABASE ${left}`),
      ),
    );
    await execute(mariadb, ['CREATE TABLE note (word text)', "INSERT INTO note VALUES ('old')"], name);
    const hooks: Hooks = {
      restore: {
        beforeReplace: `${noted}; echo "$RESGUARDO_REPLACES" >> "$LOG"; [ -e "$LOG.works" ]`,
        always: noted,
      },
    };
    const { host, port, user, binDir } = mariadb;
    const env: NodeJS.ProcessEnv = { ...process.env, HOOKED_URL: `mysql://${user}@${host}:${port}` };
    env.PATH = `${binDir}:${env.PATH}`;
    const { installation, control } = await workBench(t, server.address, {
      installation: {
        moreSources: `  db: { kind: mysql, connection: "env:HOOKED_URL", databases: [${name}], users: false, hooks: ${hookLists(hooks)} }`,
      },
      worker: { env },
    });
    env.LOG = path.join(installation.folder, 'log');
    await runResult(await startBackup(control, { source: 'db' }));
    await execute(mariadb, ["UPDATE note SET word = 'new'"], name);
    const quick = { source: 'db', confirmed: true, safetyBackup: false };
    const { message } = await failureOf(runResult(await startRestore(control, quick)), 'HookFailed');
    assert.match(message, /\. Nothing was replaced$/);
    assert.deepEqual(await select(mariadb, 'SELECT word FROM note', name), [['new']]);
    assert.deepEqual(await beside(), []);
    await writeFile(`${env.LOG}.works`, '');
    await runResult(await startRestore(control, quick));
    assert.deepEqual(await select(mariadb, 'SELECT word FROM note', name), [['old']]);
    assert.deepEqual(await logIn(installation.folder), [
      ...['beforeReplace running', name, 'always failed'],
      ...['beforeReplace running', name, 'always done'],
    ]);
  });

  test('run around its roll-back, too, and are told what it undoes', async (t) => {
    const { folder, control, installation } = await changed(t, server.address, {
      restore: { ...everywhere, always: `${noted}; env | grep ^RESGUARDO_ | sort > "$LOG.env"` },
    });
    const { replaced } = await runResult(await startRestore(control, inPlace));
    await writeFile(path.join(folder, 'log'), '');
    const run = await startRollback(control, replaced?.restore ?? '');
    const { hooks, warnings } = await runResult(run);
    assert.equal(await note(installation), 'new');
    assert.deepEqual(await logIn(folder), [
      ...['before running', 'beforeReplace running', 'after done', 'always done'],
    ]);
    assert.deepEqual(
      hooks?.map(({ point, status }) => `${point} ${status}`),
      ['before done', 'beforeReplace done', 'after done', 'always done'],
    );
    assert.deepEqual(warnings, []);
    const env = await environmentIn(folder);
    assert.equal(env.RESGUARDO_WORKFLOW, 'rollBackRestore');
    assert.equal(env.RESGUARDO_RUN_ID, run.runId);
    assert.equal(env.RESGUARDO_SOURCE, 'wiki');
    assert.equal(env.RESGUARDO_REPLACES, installation.docs);
    assert.equal(env.RESGUARDO_ROLLBACK, replaced?.restore);
  });

  test('of a roll-back can fail before it and behind it, and it can be asked for again', async (t) => {
    const postgres = await postgresServer(17);
    const { name, url, drop } = await createPostgresDatabase(postgres, 'hooked');
    cleanUp(t, drop);
    const live = connectionTo(postgres, name);
    const notes = async (): Promise<readonly string[]> => await column(live, 'SELECT word FROM public.note');
    const others = async (): Promise<readonly string[]> =>
      await column(
        connectionTo(postgres),
        `SELECT datname FROM pg_database WHERE starts_with(datname, '${name}__')`,
      );
    cleanUp(t, async () => {
      for (const left of await others()) await runSql(connectionTo(postgres), `DROP DATABASE ${left}`);
    });
    await runSql(live, "CREATE TABLE note AS SELECT 'old' AS word");
    const onlyOnceThere = (file: string): string =>
      `${noted}; [ "$RESGUARDO_WORKFLOW" = restore ] || [ -e "$LOG.${file}" ]`;
    const hooks: Hooks = {
      restore: { beforeReplace: onlyOnceThere('ready'), after: onlyOnceThere('well'), always: noted },
    };
    const env: NodeJS.ProcessEnv = { ...process.env, HOOKED_URL: url };
    env.PATH = `${postgres.binDir}:${env.PATH}`;
    const { installation, control } = await workBench(t, server.address, {
      installation: {
        moreSources: `  db: { kind: postgres, connection: "env:HOOKED_URL", databases: [${name}], hooks: ${hookLists(hooks)} }`,
      },
      worker: { env },
    });
    const { folder } = installation;
    env.LOG = path.join(folder, 'log');
    await runResult(await startBackup(control, { source: 'db' }));
    await runSql(live, "UPDATE note SET word = 'new'");
    const quick = { source: 'db', confirmed: true, safetyBackup: false };
    const { restore = '' } = (await runResult(await startRestore(control, quick))).replaced ?? {};
    assert.deepEqual(await notes(), ['old']);
    await writeFile(env.LOG, '');

    const first = await startRollback(control, restore);
    await failureOf(runResult(first), 'HookFailed');
    assert.deepEqual(await notes(), ['old']);

    await writeFile(`${env.LOG}.ready`, '');
    const second = await anotherRollback(control, restore, first);
    const { message } = await failureOf(runResult(second), 'HookFailed');
    assert.match(message, new RegExp(`The roll-back itself is whole: ${name}$`));
    assert.deepEqual(await notes(), ['new']);

    await writeFile(`${env.LOG}.well`, '');
    const { outcome, databases } = await runResult(await anotherRollback(control, restore, second));
    assert.deepEqual({ outcome, databases }, { outcome: 'rolled back', databases: [name] });
    assert.deepEqual(await notes(), ['new']);
    assert.deepEqual(await others(), []);
    assert.deepEqual(await logIn(folder), [
      ...['beforeReplace running', 'always failed'],
      ...['beforeReplace running', 'after done', 'always failed'],
      ...['beforeReplace running', 'after done', 'always done'],
    ]);
  });
});

/** An installation whose source "wiki" was backed up when its note said "old", and says "new" now. */
async function changed(t: TestContext, address: string, hooks: Hooks) {
  const bench = await hookBench(t, address, hooks);
  await writeFile(path.join(bench.installation.docs, 'note'), 'old');
  await runResult(await startBackup(bench.control, { source: 'wiki' }));
  await writeFile(path.join(bench.installation.docs, 'note'), 'new');
  await writeFile(path.join(bench.folder, 'log'), '');
  return bench;
}

/** Asks again, until the run that keeps what was replaced has heard that the one before has failed. */
async function anotherRollback(
  control: Control,
  restore: string,
  before: Run<ReplacedResult>,
): Promise<Run<ReplacedResult>> {
  const run = await startRollback(control, restore);
  return run.runId === before.runId ? await anotherRollback(control, restore, before) : run;
}

async function note({ docs }: Installation): Promise<string> {
  return await readFile(path.join(docs, 'note'), 'utf8');
}
