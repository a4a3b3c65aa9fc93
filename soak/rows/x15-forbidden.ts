import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeFolder } from '../../test/remove-folder.ts';
import type { Row } from '../row.ts';

const program = fileURLToPath(new URL('../../cli/main.mjs', import.meta.url));
/** `nobody` on Linux. */
const nobody = 65_534;

export const forbidden: Row = {
  id: 'X15-forbidden',
  title: 'files and folders that may not be read are listed, and the backup ends as done in part',
  counts: { test: 1, soak: 3 },
  run: async (run) => {
    if (process.geteuid?.() !== 0) {
      run.skip('a backup without rights', 'only root can be somebody else');
      return;
    }
    for (const _case of run.cases()) {
      // The temporary folder of a run is closed to others.
      const base = await mkdtemp('/tmp/resguardo-soak-');
      await run.check('by somebody without rights', () => backUpAsNobody(base));
      await removeFolder(base);
    }
  },
};

async function backUpAsNobody(base: string): Promise<void> {
  const source = join(base, 'source');
  const repository = join(base, 'repository');
  await mkdir(join(source, 'closed'), { recursive: true });
  await mkdir(repository);
  for (const name of ['readable', 'forbidden', 'closed/inside']) await writeFile(join(source, name), name);
  await chmod(base, 0o755);
  await chmod(join(source, 'forbidden'), 0o600);
  await chmod(join(source, 'closed'), 0o700);
  await chown(repository, nobody, nobody);
  const made = await asNobody(['repo', 'init'], repository);
  assert.equal(made.code, 0, made.stderr);
  const { code, stdout, stderr } = await asNobody(['repo', 'backup', source, '--json'], repository);
  assert.equal(code, 3, stderr);
  for (const name of ['forbidden', 'closed'])
    assert.ok(`${stdout}${stderr}`.includes(join(source, name)), `${name} is not listed: ${stdout}${stderr}`);
  const listed = await asNobody(['ls', 'latest'], repository);
  assert.match(listed.stdout, /readable/);
  assert.doesNotMatch(listed.stdout, /forbidden|inside/);
}

async function asNobody(args: readonly string[], repository: string) {
  const env = { PATH: process.env.PATH, HOME: '/', RESTIC_REPOSITORY: repository, RESGUARDO_PASSWORD: 'x' };
  const options = { cwd: '/', env, uid: nobody, gid: nobody };
  return await new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [program, ...args], options, (error, stdout, stderr) => {
      const code = error && 'code' in error && typeof error.code === 'number' ? error.code : error ? -1 : 0;
      resolve({ code, stdout, stderr: stderr || String(error ?? '') });
    });
  });
}
