import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { watch, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import { passwordCost, randomKeyCost } from '../../../repository/crypto/key-derivation.ts';
import { Repository } from '../../../repository/repository.ts';
import { Secret } from '../../../secrets/secret.ts';
import { openLocalStore } from '../../../stores/local.ts';
import { resticProgram } from '../../servers/restic.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { cheapScrypt, noSignal, testPassword, testRepository } from '../test-repository.ts';
import { Restic } from './restic.ts';

for (const version of ['0.14.0', '0.19.1'] as const) {
  test(`restic ${version} respects our locks, and its question whether we live does not end us`, async (t) => {
    const { repository, folder } = await testRepository(t);
    const restic = await Restic.of(version, folder);
    const shared = await repository.lock({ exclusive: false });
    assert.equal((await restic.run('list', 'locks', '--no-lock')).trim().length, 64);
    await assert.rejects(restic.run('prune'), /locked/);
    await restic.run('snapshots');
    // It removes stale locks alone, and asks the process of ours by a hang-up signal.
    await restic.run('unlock');
    assert.equal((await restic.run('list', 'locks', '--no-lock')).trim().length, 64);
    await shared.release();
    const exclusive = await repository.lock({ exclusive: true });
    await assert.rejects(restic.run('snapshots'), /locked/);
    await exclusive.release();
    await restic.run('prune');
  });

  test(`we respect the locks of restic ${version}, and remove those of a killed one`, async (t) => {
    const { repository, folder } = await testRepository(t);
    const child = await resticHoldingLock(version, folder);
    await (await repository.lock({ exclusive: false })).release();
    await assert.rejects(repository.lock({ exclusive: true }), (error) => {
      assert.ok(isFailure(error, 'RepositoryLocked'));
      return error.message.includes(`process ${child.pid}`);
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await repository.lock({ exclusive: true })).release();
  });

  test(`passwords that restic ${version} adds open the repository for us, and ours for it`, async (t) => {
    const { repository, store, folder } = await testRepository(t);
    const restic = await Restic.of(version, folder);
    const file = join(await temporaryFolder(t), 'password');
    await writeFile(file, 'added by restic');
    await restic.run('key', 'add', '--new-password-file', file);
    assert.equal((await Repository.open(store, new Secret('added by restic'))).id, repository.id);
    await repository.addKey(new Secret('added by us'), { cost: cheapScrypt });
    await writeFile(file, 'added by us');
    assert.match(await restic.run('--password-file', file, 'key', 'list'), /Created/);
  });

  test(`restic ${version} opens a repository by key files of both of our costs`, async (t) => {
    for (const scryptCost of [randomKeyCost, passwordCost]) {
      const folder = join(await temporaryFolder(t), 'repository');
      await (await Repository.init(openLocalStore(folder), testPassword, { scryptCost })).close();
      const restic = await Restic.of(version, folder);
      assert.match(await restic.run('key', 'list'), /Created/);
    }
  });

  test(`a repository that restic ${version} made takes our writes, and cuts content as we do`, async (t) => {
    const folder = join(await temporaryFolder(t), 'repository');
    const restic = await Restic.of(version, folder);
    await restic.run('init', '--repository-version', '2');
    const repository = await Repository.open(openLocalStore(folder), testPassword);
    const content = randomBytes(20 * 1024 * 1024).fill(0, 5_000_000, 8_000_000);
    const writer = await repository.openWriter();
    await writer.saveStream(one(content), { signal: noSignal });
    await writer.finish();
    const path = join(await temporaryFolder(t), 'content');
    await writeFile(path, content);
    assert.equal((await restic.backUp(path)).dataBlobs, 0, 'no blob is new for restic');
    await restic.run('check', '--read-data');
  });
}

/** A restic that waits for its standard input, under a shared lock. */
async function resticHoldingLock(version: '0.14.0' | '0.19.1', folder: string): Promise<ChildProcess> {
  const program = await resticProgram(version);
  const locks = watch(join(folder, 'locks'));
  const child = spawn(
    program,
    ['--no-cache', '--repo', folder, 'backup', '--stdin', '--stdin-filename', 'x'],
    {
      env: { ...process.env, RESTIC_PASSWORD: testPassword.reveal() },
      stdio: ['pipe', 'ignore', 'inherit'],
    },
  );
  for await (const { filename } of locks) if (/^[0-9a-f]{64}$/.test(filename ?? '')) break;
  return child;
}

async function* one(bytes: Buffer) {
  yield bytes;
}
