import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isFailure } from '../../contracts/failures.ts';
import { encodeKeyFile } from '../../repository/keys/key-file.ts';
import { Repository } from '../../repository/repository.ts';
import { Secret } from '../../secrets/secret.ts';
import { openLocalStore } from '../../stores/local.ts';
import { runCommand } from '../../test/cli/command-line.ts';
import { temporaryFolder } from '../../test/repository/temporary-folder.ts';
import { cheapScrypt, testPassword, testRepository } from '../../test/repository/test-repository.ts';
import { place, putBack, readAll } from '../damage/files.ts';
import type { Random } from '../random.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';

const mebibyte = 1024 * 1024;

interface Place {
  readonly folder: string;
  readonly random: Random;
  readonly run: RowRun;
}

export const wrongKeys: Row = {
  id: 'X12',
  title: 'a wrong password, a removed one, and a key file that asks for huge costs end soon and open nothing',
  counts: { test: 10, soak: 400 },
  run: async (run) => {
    const { folder } = await testRepository(run);
    const whole = await readAll(folder);
    const plays = Object.entries(tricks);
    for (const { number, random } of run.cases()) {
      const [name, play] = plays[number % plays.length] ?? [];
      if (name === undefined || play === undefined) return;
      const fromMs = performance.now();
      await run.check(name, () => play({ folder, random, run }));
      run.figure(`time to refuse (${name}), ms`, performance.now() - fromMs);
      await putBack(folder, whole);
    }
    run.figure('memory of the process at its peak, MiB', process.resourceUsage().maxRSS / 1024);
  },
};

/** What a person sees: the exit code, and that nothing is made at the target. */
export const wrongKeysByCommand: Row = {
  id: 'X12-commands',
  title: 'each command that needs the key ends with exit code 12 for a wrong one, and leaves nothing behind',
  counts: { test: 1, soak: 14 },
  run: async (run) => {
    const { folder } = await testRepository(run);
    const target = join(await temporaryFolder(run), 'target');
    const commands = [
      ['repo', 'restore', 'latest', '--target', target],
      ['repo', 'check'],
      ['repo', 'stats'],
      ['repo', 'backup', '/etc/hostname'],
      ['snapshots'],
      ['repo', 'key', 'list'],
      ['repo', 'rebuild-index'],
    ];
    for (const { number, random } of run.cases()) {
      const args = commands[number % commands.length] ?? [];
      const name = args.slice(0, 2).join(' ');
      await run.check(name, async () => {
        const before = await readAll(folder);
        const env = { RESTIC_REPOSITORY: folder, RESGUARDO_PASSWORD: `wrong ${random.below(1e9)}` };
        const { code, stdout, stderr } = await runCommand(args, { env });
        assert.equal(code, 12, stderr);
        assert.equal(stdout, '');
        assert.equal(existsSync(target), false);
        assert.deepEqual(await readAll(folder), before);
      });
    }
  },
};

const tricks: Readonly<Record<string, (place: Place) => Promise<void>>> = {
  'another password': async ({ folder, random }) => {
    await assertRefused(folder, new Secret(random.bytes(1 + random.below(40)).toString('base64')));
  },
  'one character is another': async ({ folder, random }) => {
    const text = testPassword.reveal();
    const at = random.below(text.length);
    await assertRefused(folder, new Secret(`${text.slice(0, at)}\u00e9${text.slice(at + 1)}`));
  },
  'a password that was removed': async ({ folder, random }) => {
    const removed = new Secret(`second ${random.below(1e9)}`);
    const repository = await open(folder, testPassword);
    const id = await repository.addKey(removed, { cost: cheapScrypt });
    await open(folder, removed);
    await repository.removeKey(id);
    await assertRefused(folder, removed);
  },
  'a key file alone, with huge costs': async ({ folder, random }) => {
    for (const name of await readdir(join(folder, 'keys'))) await rm(join(folder, 'keys', name));
    await plant(folder, random);
    const before = process.memoryUsage.rss();
    await assertRefused(folder, testPassword);
    const grown = (process.memoryUsage.rss() - before) / mebibyte;
    assert.ok(grown < 600, `refusing it took ${grown} MiB`);
  },
  'key files with huge costs beside a whole one': async ({ folder, random }) => {
    for (let count = 0; count < 10; count += 1) await plant(folder, random);
    await open(folder, testPassword);
    await assertRefused(folder, new Secret('wrong'));
  },
};

async function open(folder: string, password: Secret): Promise<Repository> {
  return await Repository.open(openLocalStore(folder), password);
}

async function assertRefused(folder: string, password: Secret): Promise<void> {
  const before = await readAll(folder);
  const error = await open(folder, password).then(
    () => new Error('It was opened.'),
    (reason: unknown) => reason,
  );
  if (!isFailure(error, 'WrongKey')) throw error;
  assert.ok(
    password.reveal().length < 3 || !`${error.stack}`.includes(password.reveal()),
    'it shows the password',
  );
  assert.deepEqual(await readAll(folder), before);
}

/** Costs that a machine cannot pay, and that must not be tried. */
async function plant(folder: string, random: Random): Promise<void> {
  const cost = random.pick([
    { N: 2 ** (24 + random.below(29)), r: 8, p: 1 },
    { N: 2 ** 15, r: 8, p: 2 ** (10 + random.below(40)) },
    { N: 2 ** 15, r: 2 ** (10 + random.below(40)), p: 1 },
    { N: 1000 + random.below(1000) * 2 + 1, r: 8, p: 1 },
    { N: Number.MAX_SAFE_INTEGER, r: Number.MAX_SAFE_INTEGER, p: Number.MAX_SAFE_INTEGER },
  ]);
  const owner = { hostname: 'h', username: 'u', created: '2026-01-01T00:00:00Z' };
  const bytes = encodeKeyFile({ ...owner, cost, salt: random.bytes(64), data: random.bytes(200) });
  await place(join(folder, 'keys', hash('sha256', bytes)), bytes);
}
