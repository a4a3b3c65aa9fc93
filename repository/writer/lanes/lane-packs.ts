import type { Sealing } from '../../crypto/sealing.ts';
import { type NewBlob, PackBuilder } from '../../pack/pack-builder.ts';
import type { LaneReport } from './messages.ts';

export interface LanePacksOptions {
  readonly sealing: Sealing;
  /** A pack is closed when its blobs have this many bytes. */
  readonly packBytes: number;
  readonly report: (report: Extract<LaneReport, { readonly kind: 'room' | 'pack' }>) => void;
}

/** Memory for a pack, which the main thread sees too. */
interface Room {
  readonly number: number;
  readonly bytes: Buffer;
}

/** The packs that a lane fills one after the other, in memory that it asks for and gives back with each. */
export class LanePacks {
  readonly #options: LanePacksOptions;
  #room: Room | undefined;
  #isRoomWanted = false;
  #open: { readonly builder: PackBuilder; readonly number: number } | undefined;

  constructor(options: LanePacksOptions) {
    this.#options = options;
  }

  /** Makes room for a blob; false when memory must come first. */
  makeRoom(contentBytes: number): boolean {
    if (this.#open && !this.#open.builder.hasRoomFor(contentBytes)) this.close();
    if (this.#open) return true;
    if (!this.#room) {
      if (!this.#isRoomWanted) this.#options.report({ kind: 'room' });
      this.#isRoomWanted = true;
      return false;
    }
    const { number, bytes } = this.#room;
    this.#room = undefined;
    this.#open = { builder: new PackBuilder('data', this.#options.sealing, bytes), number };
    return true;
  }

  /** Takes the memory that was wanted. */
  takeRoom(room: Room): void {
    this.#room = room;
    this.#isRoomWanted = false;
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
    const { builder, number } = this.#open;
    this.#open = undefined;
    const { id, header, bytes } = builder.finish();
    this.#options.report({ kind: 'pack', id, header, buffer: number, length: bytes.length });
  }
}
