import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { createFilesSource } from '../../sources/files/source.ts';
import { backUpEntries } from '../repository/back-up.ts';
import { temporaryFolder } from '../repository/temporary-folder.ts';
import { noSignal, snapshotOf, testPassword, testRepository } from '../repository/test-repository.ts';
import { resticProgram } from '../servers/restic.ts';

const execute = promisify(execFile);
const page = new URL('../../docs/recover-without-resguardo.md', import.meta.url);

/** The commands of the page, as one script for each block. */
function blocks(): readonly string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^```sh\n(.*?)^```$/gms)].map(([, script = '']) => script);
}

for (const version of ['0.14.0', '0.19.1'] as const) {
  test(`every command of "Getting data back without Resguardo" works with restic ${version}`, async (t) => {
    const { repository, folder } = await testRepository(t);
    const work = await temporaryFolder(t);
    const [etc, restored] = [join(work, 'etc'), join(work, 'restored')];
    for (const made of [etc, restored]) mkdirSync(made);
    writeFileSync(join(etc, 'fstab'), 'the table of file systems\n');
    writeFileSync(join(work, 'resguardo.key'), `${testPassword.reveal()}\n`);
    writeFileSync(join(work, 'new.key'), 'another horse\n');
    const roots = createFilesSource({ paths: [etc] }).capture({ signal: noSignal, warn: () => {} });
    const { tree } = await backUpEntries(repository, roots);
    await repository.commitSnapshot(snapshotOf(tree, { tags: ['source:etc', 'kind:files'], paths: [etc] }));

    const restic = await resticProgram(version);
    const scripts = blocks().filter((script) => version === '0.19.1' || !isYounger(script));
    assert.ok(scripts.length >= (version === '0.19.1' ? 9 : 5));
    const [settings = '', ...rest] = scripts.map((script) =>
      script
        .replaceAll('/srv/backup/resguardo', folder)
        .replaceAll('/restore/', `${restored}/`)
        .replaceAll(/(?<=[ :])\/etc/g, etc),
    );
    const path = `${dirname(restic)}:${process.env.PATH ?? ''}`;
    const env = { PATH: path, HOME: work, RESTIC_CACHE_DIR: join(work, 'cache') };
    for (const script of rest) {
      await execute('sh', ['-ec', settings + script], { cwd: work, env });
    }
    for (const name of [`all${etc}/fstab`, `one${etc}/fstab`, 'fstab', `again${etc}/fstab`]) {
      if (version === '0.14.0' && !readdirSync(restored).includes(name.split('/')[0] ?? '')) continue;
      assert.equal(readFileSync(join(restored, name), 'utf8'), 'the table of file systems\n', name);
    }
  });
}

/** Whether a block has a command that restic has had since a later version than the oldest that reads the format. */
function isYounger(script: string): boolean {
  return /latest:\/|repair |key passwd --new|subset/.test(script);
}
