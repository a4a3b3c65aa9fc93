import { hash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { sealOverheadBytes } from '../../repository/crypto/sealing.ts';
import type { BlobLocation } from '../../repository/index/blob-index.ts';
import { encodeLockFile } from '../../repository/lock/lock-file.ts';
import { open } from '../engine.ts';
import type { DamageBench } from './bench.ts';

export type ObjectType = 'config' | 'keys' | 'index' | 'snapshots' | 'locks' | 'data';

/** A file of the repository, and the classes of bytes that it is made of. */
export interface StoredObject {
  readonly type: ObjectType;
  /** 64 hex digits; `config` for the one that has no other name. */
  readonly name: string;
  readonly path: string;
  readonly bytes: Buffer;
  readonly classes: readonly ByteClass[];
}

/** A piece of a file that has one meaning. */
export interface ByteClass {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** The blob that the bytes belong to. */
  readonly blob?: BlobLocation;
}

const ivBytes = 16;
const macBytes = 16;
const folders = ['keys', 'index', 'snapshots', 'locks'] as const;

/** Every file of the repository. A lock of this process is among them when one was planted. */
export async function storedObjects({ folder, blobs }: DamageBench): Promise<readonly StoredObject[]> {
  const config = await storedObject('config', 'config', join(folder, 'config'), []);
  const objects = [config];
  for (const type of folders) {
    for (const name of await readdir(join(folder, type)))
      objects.push(await storedObject(type, name, join(folder, type, name), []));
  }
  for (const [pack, inPack] of Map.groupBy(blobs, ({ pack }) => pack))
    objects.push(await storedObject('data', pack, join(folder, 'data', pack.slice(0, 2), pack), inPack));
  return objects;
}

async function storedObject(
  type: ObjectType,
  name: string,
  path: string,
  blobs: readonly BlobLocation[],
): Promise<StoredObject> {
  const bytes = await readFile(path);
  return { type, name, path, bytes, classes: classesOf(type, bytes, blobs) };
}

function classesOf(type: ObjectType, bytes: Buffer, blobs: readonly BlobLocation[]): readonly ByteClass[] {
  if (type === 'keys') return [{ name: 'key file', from: 0, to: bytes.length }];
  if (type !== 'data') return sealed(type, { from: 0, to: bytes.length });
  const headerEnd = bytes.length - 4;
  const headerStart = headerEnd - bytes.readUInt32LE(headerEnd);
  return [
    ...blobs.flatMap((blob) =>
      sealed(`${blob.type} blob`, { from: blob.offset, to: blob.offset + blob.length, blob }),
    ),
    ...sealed('pack header', { from: headerStart, to: headerEnd }),
    { name: 'pack header length', from: headerEnd, to: bytes.length },
  ];
}

/** What sealing makes: nonce, ciphertext and code of authentication. */
function sealed(name: string, { from, to, ...blob }: Omit<ByteClass, 'name'>): readonly ByteClass[] {
  const pieces = [
    { name: `${name}: nonce`, from, to: from + ivBytes, ...blob },
    { name: `${name}: ciphertext`, from: from + ivBytes, to: to - macBytes, ...blob },
    { name: `${name}: authentication code`, from: to - macBytes, to, ...blob },
  ];
  return to - from > sealOverheadBytes ? pieces : pieces.filter((piece) => piece.to > piece.from);
}

/** Puts a lock of this process in place, as a run under way has one. */
export async function plantLock(folder: string): Promise<void> {
  const { sealing } = await open(folder);
  const lock = { exclusive: false, hostname: hostname(), username: 'carol', pid: process.pid };
  const file = sealing.seal(encodeLockFile({ time: new Date().toISOString(), ...lock }));
  await writeFile(join(folder, 'locks', hash('sha256', file)), file);
}
