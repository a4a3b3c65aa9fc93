import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadConfiguration } from '../../configuration/load.ts';
import { Failure } from '../../contracts/failures.ts';
import { resolveSecret } from '../../secrets/resolve.ts';
import { planSetup, type SetupPlan } from '../../setup/plan.ts';
import { writeSetup } from '../../setup/write.ts';
import { serverFacts } from './facts.ts';

async function setting(context: TestContext) {
  const folder = await mkdtemp(path.join(tmpdir(), 'resguardo-setup-'));
  context.after(() => rm(folder, { recursive: true }));
  return { folder, plan: planSetup(serverFacts, { folder }) };
}

const write = (plan: SetupPlan, folder: string) =>
  writeSetup({
    plan,
    configurationFile: path.join(folder, 'resguardo.yaml'),
    date: new Date('2026-11-21T10:00:00Z'),
    createRepository: async () => undefined,
  });

test('key, sheet and configuration are written, the first two for their owner alone', async (context) => {
  const { folder, plan } = await setting(context);
  const { key, keyFile = '', sheetFile, configurationFile } = await write(plan, folder);
  assert.equal((await stat(keyFile)).mode & 0o777, 0o600);
  assert.equal((await stat(sheetFile)).mode & 0o777, 0o600);
  const configuration = await loadConfiguration({ env: {}, cwd: folder });
  assert.equal(configuration.file, configurationFile);
  const password = await resolveSecret(configuration.repositories.main?.password ?? '', {});
  assert.equal(password.reveal(), key?.reveal());
  assert.equal(Buffer.from(password.reveal(), 'base64').length, 32);
  assert.match(await readFile(sheetFile, 'utf8'), new RegExp(password.reveal().replaceAll('+', '\\+')));
  assert.equal((await readFile(configurationFile, 'utf8')).includes(password.reveal()), false);
});

test('a configuration that is there is not touched', async (context) => {
  const { folder, plan } = await setting(context);
  await writeFile(path.join(folder, 'resguardo.yaml'), 'mine');
  await assert.rejects(write(plan, folder), {
    type: 'TargetConflict',
    message: /resguardo\.yaml/,
  });
  assert.deepEqual(await readdir(folder), ['resguardo.yaml']);
  assert.equal(await readFile(path.join(folder, 'resguardo.yaml'), 'utf8'), 'mine');
});

test('a key that is there already is used, never replaced', async (context) => {
  const { folder, plan } = await setting(context);
  const first = await write(plan, folder);
  await rm(first.configurationFile);
  const second = await write(plan, folder);
  assert.equal(second.key?.reveal(), first.key?.reveal());
});

test('without a repository there is no configuration, and a second attempt uses the same key', async (context) => {
  const { folder, plan } = await setting(context);
  const failing = writeSetup({
    plan,
    configurationFile: path.join(folder, 'resguardo.yaml'),
    date: new Date(),
    createRepository: () => Promise.reject(new Failure('RepositoryUnwritable', 'no')),
  });
  await assert.rejects(failing, { type: 'RepositoryUnwritable' });
  assert.deepEqual(await readdir(folder), ['resguardo.key']);
  const key = await readFile(path.join(folder, 'resguardo.key'), 'utf8');
  assert.equal((await write(plan, folder)).key?.reveal(), key.trim());
});

test('a folder that cannot be written to is named', async (context) => {
  const { folder } = await setting(context);
  const file = path.join(folder, 'file');
  await writeFile(file, '');
  const inside = path.join(file, 'inside');
  await assert.rejects(write(planSetup(serverFacts, { folder: inside }), inside), {
    type: 'TargetUnwritable',
    message: /resguardo\.key cannot be written/,
  });
});
