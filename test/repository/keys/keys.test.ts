import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import { encodeKeyFile } from '../../../repository/keys/key-file.ts';
import { Repository } from '../../../repository/repository.ts';
import { Secret } from '../../../secrets/secret.ts';
import { cheapScrypt, testPassword, testRepository } from '../test-repository.ts';

const otherPassword = new Secret('battery staple');

test('each password that was added opens the repository, until it is removed', async (t) => {
  const { repository, store } = await testRepository(t);
  const id = await repository.addKey(otherPassword, { cost: cheapScrypt, owner: { username: 'carol' } });
  const byOther = await Repository.open(store, otherPassword);
  assert.equal(byOther.id, repository.id);
  assert.equal(byOther.keyId, id);
  const keys = await Array.fromAsync(repository.keys());
  assert.equal(keys.length, 2);
  assert.equal(keys.find((key) => key.id === id)?.username, 'carol');

  await byOther.removeKey(repository.keyId);
  await assert.rejects(Repository.open(store, testPassword), isWrongKey);
  assert.equal((await Repository.open(store, otherPassword)).id, repository.id);
});

test('the key in use cannot be removed', async (t) => {
  const { repository } = await testRepository(t);
  await assert.rejects(repository.removeKey(repository.keyId), (error) => isFailure(error, 'InvalidInput'));
});

test('a wrong password is named as that, and is not shown', async (t) => {
  const { store } = await testRepository(t);
  await assert.rejects(Repository.open(store, otherPassword), (error) => {
    assert.ok(isFailure(error, 'WrongKey'));
    assert.match(error.message, /opens none of the key files/);
    assert.doesNotMatch(JSON.stringify(error) + String(error.stack), /battery/);
    return true;
  });
});

test('a damaged key file beside a whole one is passed over', async (t) => {
  const { store, folder } = await testRepository(t);
  await writeFile(join(folder, 'keys', '0'.repeat(64)), '{}');
  await Repository.open(store, testPassword);
  await assert.rejects(Repository.open(store, otherPassword), /key file 00000000.* damaged/);
});

test('a key file with any byte changed is named as damaged', async (t) => {
  const { store, folder } = await testRepository(t);
  const [name = ''] = await readdir(join(folder, 'keys'));
  const path = join(folder, 'keys', name);
  const whole = await readFile(path);
  for (let position = 0; position < whole.length; position++) {
    const changed = Buffer.from(whole);
    changed[position] = (changed[position] ?? 0) ^ (1 << (position % 8));
    await writeFile(path, changed);
    await assert.rejects(Repository.open(store, testPassword), (error) => {
      assert.ok(isFailure(error, 'RepositoryDamaged'));
      return error.message.includes(name.slice(0, 8));
    });
  }
});

test('a key file that asks for huge memory is refused', async (t) => {
  const { store, folder } = await testRepository(t);
  for (const name of await readdir(join(folder, 'keys'))) await rm(join(folder, 'keys', name));
  const bytes = encodeKeyFile({
    hostname: 'h',
    username: 'u',
    created: '2026-01-01T00:00:00Z',
    cost: { N: 2 ** 28, r: 8, p: 1 },
    salt: randomBytes(64),
    data: randomBytes(200),
  });
  await writeFile(join(folder, 'keys', hash('sha256', bytes)), bytes);
  await assert.rejects(Repository.open(store, testPassword), (error) => isFailure(error, 'WrongKey'));
});

test('a repository without any key file is damaged', async (t) => {
  const { store, folder } = await testRepository(t);
  await rm(join(folder, 'keys'), { recursive: true });
  await assert.rejects(Repository.open(store, testPassword), (error) =>
    isFailure(error, 'RepositoryDamaged'),
  );
});

function isWrongKey(error: unknown): boolean {
  return isFailure(error, 'WrongKey');
}
