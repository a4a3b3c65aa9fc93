import { pageMemory } from '../../../posix/page-memory.ts';
import { maxChunkBytes } from '../../chunker/chunker.ts';
import type { Sealing } from '../../crypto/sealing.ts';
import { encodeHeader } from '../../pack/header.ts';
import { type NewBlob, PackBuilder, packBufferBytes } from '../../pack/pack-builder.ts';
import type { LaneReport, SharedBuffer } from './messages.ts';

/** Packs of a lane in memory: one that fills, and one on its way to the store. */
const packBuffers = 2;

export interface LanePacksOptions {
  readonly sealing: Sealing;
  /** A pack is closed when its blobs have this many bytes. */
  readonly packBytes: number;
  readonly onPack: (pack: Extract<LaneReport, { readonly kind: 'pack' }>) => void;
}

interface PackBuffer {
  readonly number: number;
  readonly memory: SharedArrayBuffer;
  isFree: boolean;
  /** Whether it was sent. */
  isKnown: boolean;
}

/** The packs that a lane fills one after the other, in memory that the main thread sees too. */
export class LanePacks {
  readonly #options: LanePacksOptions;
  readonly #buffers = new Map<number, PackBuffer>();
  #lastNumber = 0;
  #open: { readonly builder: PackBuilder; readonly buffer: PackBuffer } | undefined;

  constructor(options: LanePacksOptions) {
    this.#options = options;
  }

  /** Makes room for a blob; false when a buffer must come back first. */
  makeRoom(contentBytes: number): boolean {
    if (this.#open && !this.#open.builder.hasRoomFor(contentBytes)) this.close();
    if (this.#open) return true;
    const buffer = [...this.#buffers.values()].find(({ isFree }) => isFree) ?? this.#makeBuffer();
    if (!buffer) return false;
    buffer.isFree = false;
    const builder = new PackBuilder('data', this.#options.sealing, Buffer.from(buffer.memory));
    this.#open = { builder, buffer };
    return true;
  }

  /** Adds a blob for which there is room; returns its length in the pack. */
  add(blob: NewBlob): number {
    if (!this.#open) throw new Error('there is no open pack');
    const { builder } = this.#open;
    const length = builder.add(blob);
    if (builder.filledBytes >= this.#options.packBytes) this.close();
    return length;
  }

  /** Hands the open pack over. */
  close(): void {
    if (!this.#open) return;
    const { builder, buffer } = this.#open;
    this.#open = undefined;
    const { id, blobs, bytes } = builder.finish();
    const { number, memory, isKnown } = buffer;
    buffer.isKnown = true;
    const shared: SharedBuffer = isKnown ? { number } : { number, memory };
    const header = encodeHeader(blobs);
    this.#options.onPack({ kind: 'pack', id, header, buffer: shared, length: bytes.length });
  }

  /** Takes the buffer of a stored pack back. */
  takeBack(number: number): void {
    const buffer = this.#buffers.get(number);
    if (buffer) buffer.isFree = true;
  }

  /** Lets go of the buffers: there will hardly be more to do. */
  clear(): void {
    this.#buffers.clear();
  }

  /** Pages that are never written take no memory, so room for a last large chunk costs nothing. */
  #makeBuffer(): PackBuffer | undefined {
    if (this.#buffers.size === packBuffers) return undefined;
    const memory = pageMemory(packBufferBytes(this.#options.packBytes, maxChunkBytes));
    this.#lastNumber += 1;
    const buffer = { number: this.#lastNumber, memory, isFree: true, isKnown: false };
    this.#buffers.set(buffer.number, buffer);
    return buffer;
  }
}
