import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { z } from 'zod';

const names = z.record(z.string(), z.string()).optional();

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ dependencies: names, optionalDependencies: names })),
});

/**
 * A registry that serves only some systems makes `npm install` leave the packages of the others out of the
 * lock file, and then `npm ci` refuses it everywhere. To mend it, add an entry with the version, `os`, `cpu`,
 * `libc` and `optional` for each name.
 */
test('package-lock.json names the packages of all systems, so that npm ci accepts it', async () => {
  const text = await readFile(new URL('../../package-lock.json', import.meta.url), 'utf8');
  const { packages } = lockSchema.parse(JSON.parse(text));
  const missing = Object.entries(packages).flatMap(([path, entry]) =>
    Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })
      .filter((name) => !isLocked(packages, path, name))
      .map((name) => `${name}, for ${path}`),
  );
  assert.deepEqual(missing, []);
});

/** Looks where Node would: in the package's own node_modules, then in those of the folders around it. */
function isLocked(packages: Readonly<Record<string, unknown>>, from: string, name: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (Object.hasOwn(packages, `${folder}${folder === '' ? '' : '/'}node_modules/${name}`)) return true;
    if (folder === '') return false;
  }
}
