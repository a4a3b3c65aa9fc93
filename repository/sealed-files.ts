import { hash } from 'node:crypto';
import { Failure } from '../contracts/failures.ts';
import type { FileType, Store } from '../stores/store.ts';
import { type Compressor, decompressUpTo } from './compression.ts';
import type { Sealing } from './crypto/sealing.ts';
import { freeMemory } from './free-memory.ts';
import { shortId } from './ids.ts';

const mebibyte = 1024 * 1024;

/**
 * A file that claims to be longer is refused, so that a planted one cannot take all memory. An index file of a
 * huge repository has some 20 MB of JSON, and a snapshot lists the paths that it was asked for.
 */
const maxPlainBytes: Readonly<Record<SealedType, number>> = {
  config: mebibyte,
  lock: mebibyte,
  snapshot: 64 * mebibyte,
  index: 512 * mebibyte,
};

/** First byte of a compressed plaintext (restic's design document, "Unpacked Data Format"). */
const compressedMark = 2;

type SealedType = Exclude<FileType, 'data' | 'key' | 'moved'>;

/** Called before and after each put with its name, for tests that stop a run there. */
export type Failpoint = (name: string) => void | Promise<void>;

export interface SealedFilesOptions {
  readonly store: Store;
  readonly sealing: Sealing;
  readonly compressor: Compressor;
  readonly failpoint?: Failpoint | undefined;
}

/** Reads and writes the files outside of packs: config, index, snapshots, locks. */
export class SealedFiles {
  readonly #options: SealedFilesOptions;

  constructor(options: SealedFilesOptions) {
    this.#options = options;
  }

  /**
   * Reads a file, verifies its name and opens it. Undefined when there is no such file.
   * @throws {Failure} RepositoryDamaged naming the file
   */
  async load(type: SealedType, name: string, signal?: AbortSignal): Promise<Buffer | undefined> {
    const sealed = await this.#options.store.load({ type, name }, undefined, signal);
    if (!sealed) return undefined;
    if (type !== 'config' && hash('sha256', sealed) !== name) {
      throw damaged(type, name, 'its content does not match its name');
    }
    const plain = this.#options.sealing.open(sealed);
    if (!plain) throw damaged(type, name, 'its authentication code is wrong');
    if (plain[0] === 0x7b || plain[0] === 0x5b) return plain;
    const json =
      plain[0] === compressedMark ? await decompressUpTo(plain.subarray(1), maxPlainBytes[type]) : undefined;
    if (!json) throw damaged(type, name, 'it is in no known encoding');
    return json;
  }

  /** Compresses, seals and stores JSON; returns the name. */
  async save(type: SealedType, json: Buffer, signal?: AbortSignal): Promise<string> {
    if (type === 'config') return await this.#put(type, this.#options.sealing.seal(json), signal);
    const compressed = await this.#options.compressor.compressMetadata(json);
    const plain = Buffer.concat([Buffer.of(compressedMark), compressed]);
    const sealed = this.#options.sealing.seal(plain);
    // An index file of many tiny blobs has ten megabytes, in each of these forms.
    freeMemory(compressed);
    freeMemory(plain);
    const name = await this.#put(type, sealed, signal);
    freeMemory(sealed);
    return name;
  }

  /** Stores JSON uncompressed and sealed so that the same JSON always becomes the same file. */
  async saveSame(type: SealedType, json: Buffer, signal?: AbortSignal): Promise<string> {
    return await this.#put(type, this.#options.sealing.sealSame(json), signal);
  }

  async #put(type: SealedType, sealed: Buffer, signal: AbortSignal | undefined): Promise<string> {
    const { store, failpoint } = this.#options;
    const name = type === 'config' ? '' : hash('sha256', sealed);
    await failpoint?.(`before ${type} put`);
    const outcome = await store.save({ type, name }, [sealed], signal);
    await failpoint?.(`after ${type} put`);
    if (type === 'config' && outcome === 'exists') throw repositoryExists(store.location);
    return name;
  }
}

export function repositoryExists(location: string): Failure {
  return new Failure('RepositoryExists', `There is a repository at ${location} already.`);
}

/** The failure that names a damaged file outside of packs. */
export function damaged(type: FileType, name: string, why: string): Failure {
  const file = type === 'config' ? 'file "config"' : `${type} file ${shortId(name)}`;
  return new Failure('RepositoryDamaged', `The ${file} of the repository is damaged: ${why}.`);
}
