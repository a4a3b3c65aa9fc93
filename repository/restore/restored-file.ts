import { closeSync, constants, ftruncateSync, open } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { TreeNode } from '../tree/node.ts';
import type { ContentPart } from './content-parts.ts';
import { removeQuietly } from './content-work.ts';
import type { ContentWriter, Writing } from './content-writer.ts';
import type { MetadataProblem } from './metadata.ts';

const openAsync = promisify(open);
const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export interface NewFile {
  readonly path: Buffer;
  readonly node: TreeNode;
  readonly parts: readonly ContentPart[];
  /** Sets what is known of a file once its content is there; it is still open. */
  readonly applyMetadata: (descriptor: number) => readonly MetadataProblem[];
}

/**
 * Begins to write a file that does not exist yet: content, and what is known of it. Every blob is verified; blobs of
 * zeros become holes. A file that could not be written whole is removed.
 */
export async function writeNewFile(writer: ContentWriter, file: NewFile): Promise<Writing> {
  const { path, node, parts } = file;
  const [only, ...more] = parts;
  if (more.length === 0) return await writer.add(only, { kind: 'file', path, metadata: node });
  // Making a file is the slowest call of all, so it goes to another thread.
  const descriptor = await openAsync(path, newFile, 0o600);
  const writing = new LargeFile(file, descriptor);
  writer.countDescriptor();
  await writing.addParts(writer);
  return { written: writing.written };
}

export interface ExistingFile extends NewFile {
  /** Open for writing; closed at the end. */
  readonly handle: FileHandle;
  /** All that differs; the other parts are right. */
  readonly parts: readonly ContentPart[];
}

/**
 * Begins to bring a file that is there up to date where it lies: only the given parts are written. One that could not
 * be written whole stays, in part old and in part new.
 */
export async function updateFile(writer: ContentWriter, { handle, ...file }: ExistingFile): Promise<Writing> {
  const writing = new LargeFile(file, handle.fd, handle);
  writer.countDescriptor();
  await writing.addParts(writer);
  return { written: writing.written };
}

/** A file of several blobs, which are written where they belong, in any order. */
class LargeFile {
  readonly #file: NewFile;
  readonly #descriptor: number;
  /** Of a file that was there before. */
  readonly #existing: FileHandle | undefined;
  readonly #end = Promise.withResolvers<readonly MetadataProblem[]>();
  #waiting = 1;
  #failure: { readonly error: unknown } | undefined;

  constructor(file: NewFile, descriptor: number, existing?: FileHandle) {
    this.#file = file;
    this.#existing = existing;
    this.#descriptor = descriptor;
    this.#end.promise.catch(() => {});
  }

  get written(): Promise<readonly MetadataProblem[]> {
    return this.#end.promise;
  }

  async addParts(writer: ContentWriter): Promise<void> {
    try {
      ftruncateSync(this.#descriptor, Number(this.#file.node.size ?? 0n));
      for (const part of this.#file.parts) {
        if (this.#failure) break;
        const target = { kind: 'part', descriptor: this.#descriptor, position: part.position } as const;
        const { written } = await writer.add(part, target);
        this.#waiting += 1;
        written.then(
          () => this.#partEnds(),
          (error: unknown) => this.#partEnds({ error }),
        );
      }
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#partEnds();
  }

  /** The descriptor stays open until nobody uses it. */
  #partEnds(failure?: { readonly error: unknown }): void {
    this.#failure ??= failure;
    this.#waiting -= 1;
    if (this.#waiting > 0) return;
    try {
      if (this.#failure) throw this.#failure.error;
      this.#end.resolve(this.#file.applyMetadata(this.#descriptor));
    } catch (error) {
      if (!this.#existing) removeQuietly(this.#file.path);
      this.#end.reject(error);
    } finally {
      if (this.#existing) void this.#existing.close();
      else closeSync(this.#descriptor);
    }
  }
}
