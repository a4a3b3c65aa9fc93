import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { endOf, runCommand, startCommand, temporaryFolder } from '../cli/command-line.ts';
import { type Access, accesses, password, resticAt } from './restic-access.ts';

/** Large enough that a limited line takes seconds, in three packs of the smallest size. */
const sourceBytes = 9 * 1024 * 1024;

test('a repository moves from a folder to S3, to Azure and to SFTP, killed on each way, and restic opens it there', async (t) => {
  const folder = await temporaryFolder(t);
  const source = join(folder, 'source');
  const content = randomBytes(sourceBytes);
  await mkdir(source);
  await writeFile(join(source, 'file'), content);
  const places = {
    minio: await accesses['s3:'](t),
    azurite: await accesses['azure:'](t),
    sshd: await accesses['sftp:'](t),
  };
  const file = join(folder, 'resguardo.yaml');
  await writeFile(join(folder, 'key'), password, { mode: 0o600 });
  await writeFile(file, configurationOf(join(folder, 'repository'), places));
  const env = Object.assign(
    {},
    ...Object.values<Access>(places).flatMap((access) => [access.env, access.oursAlone]),
  );
  const ours = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCommand([...args, '--config', file], { env });
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  await ours('repo', 'init');
  await ours('repo', 'backup', source, '--pack-size', '4', '--no-cache');
  const snapshots = await ours('repo', 'snapshots', '--json', '--no-cache');

  for (const [name, access] of Object.entries<Access>(places)) {
    const args = ['repo', 'move', '--config', file, '--repository', 'main', '--to-repository', name];
    const slowly = startCommand([...args, '--json', '--limit-upload', '3000'], { env });
    const ended = endOf(slowly);
    for await (const line of createInterface({ input: slowly.stdout ?? assert.fail() })) {
      if (/"filesDone":[1-9]/.test(line)) slowly.kill('SIGKILL');
    }
    assert.equal((await ended).code, null, 'it was killed under way');
    const text = await ours(...args.slice(0, 2), '--repository', 'main', '--to-repository', name, '--switch');
    assert.match(text, /Moved 1 snapshot to .*verified there/);
    assert.equal(await ours('repo', 'snapshots', '--json', '--no-cache'), snapshots, `the same at ${name}`);
    await (await resticAt(access))('check', '--read-data');
  }

  const target = join(folder, 'restored');
  await ours('repo', 'restore', 'latest', '--target', target, '--no-cache');
  assert.ok((await readFile(join(target, source, 'file'))).equals(content));
  const written = await readFile(file, 'utf8');
  assert.match(written, /# what matters most/);
  assert.doesNotMatch(written, /minio|azurite|sshd:/);
});

function configurationOf(folder: string, places: Readonly<Record<string, Access>>): string {
  const entries = Object.entries(places).map(
    ([name, { url, configuration }]) =>
      `  ${name}:\n    url: ${url}\n    password: file:key\n${configuration === undefined ? '' : `${configuration}\n`}`,
  );
  return `# what matters most\ndefaultRepository: main\nrepositories:\n  main:\n    url: ${folder} # for now\n    password: file:key\n${entries.join('')}`;
}
