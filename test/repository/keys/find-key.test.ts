import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import type { ScryptCost } from '../../../repository/crypto/key-derivation.ts';
import { planTrials } from '../../../repository/keys/find-key.ts';
import { encodeKeyFile, type KeyFile } from '../../../repository/keys/key-file.ts';
import { Repository } from '../../../repository/repository.ts';
import { Secret } from '../../../secrets/secret.ts';
import { cheapScrypt, testPassword, testRepository } from '../test-repository.ts';

const usual = { N: 32768, r: 8, p: 3 };
const dear = { N: 65536, r: 8, p: 16 };
const impossible = { N: 2 ** 28, r: 8, p: 1 };

test('key files of this host are tried first, then those of others, dear ones last', () => {
  const files = [
    keyFile('a', dear),
    keyFile('b', usual, 'elsewhere'),
    keyFile('c', usual),
    keyFile('d', cheapScrypt),
  ];
  assert.equal(idsOf(planTrials(files).tried), 'd c b a');
  assert.equal(idsOf(planTrials(files, 'a').tried), 'a d c b', 'but what is hinted at before all');
});

test('twenty key files of usual cost are all tried, and of dear ones so many as take five seconds', () => {
  const twenty = Array.from({ length: 20 }, (_, number) => keyFile(`${number}`, usual));
  assert.equal(planTrials(twenty).untried.length, 0);
  const planted = Array.from({ length: 19 }, (_, number) => keyFile(`${number}`, dear));
  const { tried, untried } = planTrials([...planted, keyFile('mine', usual)]);
  assert.equal(tried[0]?.id, 'mine');
  assert.equal(tried.length, 2);
  assert.equal(untried.length, 18);
});

test('what is out of bounds is refused at once, and takes nothing from the others', () => {
  const files = Array.from({ length: 10 }, (_, number) => keyFile(`${number}`, impossible));
  assert.equal(planTrials([...files, keyFile('mine', usual)]).untried.length, 0);
});

test('a wrong password is told from key files that were not tried', async (t) => {
  const { store, folder } = await testRepository(t);
  for (let count = 0; count < 20; count += 1) {
    const facts = { hostname: 'h', username: 'u', created: '2026-01-01T00:00:00Z', cost: cheapScrypt };
    const bytes = encodeKeyFile({ ...facts, salt: randomBytes(64), data: randomBytes(200) });
    await writeFile(join(folder, 'keys', hash('sha256', bytes)), bytes);
  }
  await assert.rejects(Repository.open(store, new Secret('wrong')), (error) => {
    assert.ok(isFailure(error, 'WrongKey'));
    assert.match(error.message, /none of the 20 key files .* were tried; 1 more were not/);
    assert.match(error.advice, /--key-hint/);
    return true;
  });
});

test('the password finds its key file among others, whatever is tried at the same time', async (t) => {
  const { repository, store } = await testRepository(t);
  for (let count = 0; count < 6; count += 1) {
    await repository.addKey(new Secret(`another ${count}`), { cost: cheapScrypt });
  }
  assert.equal((await Repository.open(store, testPassword)).keyId, repository.keyId);
  await Repository.open(store, new Secret('another 3'));
});

function keyFile(id: string, cost: ScryptCost, host = hostname()): KeyFile {
  const facts = { username: 'u', created: '2026-01-01T00:00:00Z' };
  return { id, hostname: host, ...facts, cost, salt: Buffer.alloc(64), data: Buffer.alloc(1) };
}

function idsOf(files: readonly KeyFile[]): string {
  return files.map(({ id }) => id).join(' ');
}
