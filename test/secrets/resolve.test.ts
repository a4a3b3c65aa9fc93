import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { isFailure } from '../../contracts/failures.ts';
import { resolveSecret } from '../../secrets/resolve.ts';
import { Secret } from '../../secrets/secret.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'resguardo-secrets-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function secretFile(name: string, content: string, mode = 0o600): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

test('a secret comes from the environment or from a file, without its last line end', async () => {
  assert.equal((await resolveSecret('env:KEY', { KEY: 'a b\n' })).reveal(), 'a b\n');
  const file = secretFile('key', ' two\nlines \n');
  assert.equal((await resolveSecret(`file:${file}`, {})).reveal(), ' two\nlines ');
});

test('a missing secret is named by its reference, with the mend', async () => {
  await assert.rejects(resolveSecret('env:NOT_SET', {}), (error) => {
    return (
      isFailure(error, 'SecretUnavailable') &&
      /NOT_SET/.test(error.message) &&
      /Set NOT_SET/.test(error.advice)
    );
  });
  await assert.rejects(resolveSecret('file:/no/such/file', {}), /\/no\/such\/file cannot be read: ENOENT/);
  await assert.rejects(resolveSecret(`file:${secretFile('empty', '\n')}`, {}), /is empty/);
});

test('a secret file that other users can change is refused, with the command that closes it', async () => {
  const file = secretFile('open', 'value', 0o666);
  await assert.rejects(resolveSecret(`file:${file}`, {}), (error) => {
    return isFailure(error, 'SecretUnavailable') && error.advice.includes(`chmod 600 ${file}`);
  });
});

test('what is no reference is never repeated: it may be the secret itself', async () => {
  await assert.rejects(resolveSecret('hunter2', {}), (error) => {
    return isFailure(error, 'SecretUnavailable') && !`${error.message} ${error.advice}`.includes('hunter2');
  });
});

test('a secret does not print itself', () => {
  const secret = new Secret('hunter2');
  assert.doesNotMatch(
    `${secret} ${JSON.stringify({ secret })} ${inspect(secret, { showHidden: true, depth: 9 })}`,
    /hunter2/,
  );
});
