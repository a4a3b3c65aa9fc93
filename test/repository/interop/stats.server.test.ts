import assert from 'node:assert/strict';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { jsonOf, runCommand } from '../../cli/command-line.ts';
import { backUpFiles } from '../back-up.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { testPassword, testRepository } from '../test-repository.ts';
import { Restic } from './restic.ts';

test('the sizes of snapshots are those that restic 0.19.1 counts', async (t) => {
  const { repository, folder } = await testRepository(t);
  const source = await temporaryFolder(t);
  mkdirSync(join(source, 'below'));
  for (let index = 0; index < 5; index += 1) {
    writeFileSync(join(source, 'below', `${index}`), `content ${index} `.repeat(3000));
    linkSync(join(source, 'below', `${index}`), join(source, `link ${index}`));
    symlinkSync('below', join(source, `symlink ${index}`));
    await backUpFiles(repository, { paths: [source] });
  }
  const restic = await Restic.of('0.19.1', folder);
  const theirs = async (mode: string) => JSON.parse(await restic.run('stats', '--json', '--mode', mode));
  const env = { RESTIC_REPOSITORY: folder, RESGUARDO_PASSWORD: testPassword.reveal() };
  const ours = async (mode: string) =>
    jsonOf(await runCommand(['repo', 'stats', '--json', '--mode', mode], { env }));
  const restored = await theirs('restore-size');
  assert.deepEqual(await ours('restore-size'), {
    snapshots: restored.snapshots_count,
    files: restored.total_file_count,
    bytes: restored.total_size,
  });
  const raw = await theirs('raw-data');
  assert.deepEqual(await ours('raw-data'), {
    snapshots: raw.snapshots_count,
    blobs: raw.total_blob_count,
    storedBytes: raw.total_size,
    // restic adds to each blob the 32 bytes that seal it.
    plainBytes: raw.total_uncompressed_size - 32 * raw.total_blob_count,
  });
});
