import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { chmodSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { loadPosixCalls } from '../../posix/calls.ts';

const calls = loadPosixCalls();

/** What is compared of a file: all that a restore has to bring back. */
export type FileDescription = Readonly<Record<string, string | number>>;

/** Everything below a folder, by path. Written apart from the product, so that both cannot have one fault. */
export function describeFiles(folder: string): ReadonlyMap<string, FileDescription> {
  const files = new Map<string, FileDescription>();
  const firstOfInode = new Map<bigint, string>();
  const visit = (path: Buffer, name: string): void => {
    const stat = lstatSync(path, { bigint: true });
    const kind = Number(stat.mode & 0o170000n).toString(8);
    const first = firstOfInode.get(stat.ino) ?? name;
    if (!stat.isDirectory()) firstOfInode.set(stat.ino, first);
    files.set(name, {
      kind,
      permissions: Number(stat.mode & 0o7777n).toString(8),
      owner: `${stat.uid}:${stat.gid}`,
      mtimeNs: stat.mtimeNs.toString(),
      links: stat.isDirectory() ? 0 : Number(stat.nlink),
      sameFileAs: first,
      attributes: describeAttributes(path),
      ...(stat.isFile() && { content: contentHash(path, stat.mode), sizeBytes: Number(stat.size) }),
      ...(stat.isSymbolicLink() && { target: readlinkSync(path, { encoding: 'hex' }) }),
      ...((stat.isBlockDevice() || stat.isCharacterDevice()) && { device: stat.rdev.toString() }),
    });
    if (!stat.isDirectory()) return;
    for (const child of readdirSync(path, { encoding: 'latin1' }).toSorted()) {
      visit(Buffer.concat([path, Buffer.from(`/${child}`, 'latin1')]), `${name}/${child}`);
    }
  };
  visit(Buffer.from(folder), '');
  return files;
}

function describeAttributes(path: Buffer): string {
  return [...calls.listAttributes(path)]
    .toSorted()
    .map((name) => `${name}=${calls.getAttribute(path, name)?.toString('hex')}`)
    .join(' ');
}

/** A file that its owner may not read is made readable for a moment. */
function contentHash(path: Buffer, mode: bigint): string {
  try {
    return hash('sha256', readFileSync(path));
  } catch {
    chmodSync(path, 0o600);
    try {
      return hash('sha256', readFileSync(path));
    } finally {
      chmodSync(path, Number(mode & 0o7777n));
    }
  }
}

/** Fails with the first differences alone: whole trees are long. */
export function assertSameFiles(
  actual: ReadonlyMap<string, FileDescription>,
  expected: ReadonlyMap<string, FileDescription>,
): void {
  const names = [...new Set([...expected.keys(), ...actual.keys()])];
  const different = names.filter((name) => !isDeepStrictEqual(actual.get(name), expected.get(name)));
  const shown = different.slice(0, 5);
  assert.deepEqual(
    Object.fromEntries(shown.map((name) => [name, actual.get(name)])),
    Object.fromEntries(shown.map((name) => [name, expected.get(name)])),
  );
}
