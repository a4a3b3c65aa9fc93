import { isColdClass } from '../../contracts/storage-classes.ts';
import type { StoredFile } from '../../stores/store.ts';

/** How long an object of a class is billed at least, in ms; 0 where it is not. */
export type LeastStay = (storageClass: string | undefined) => number;

/** What would go, and stays because it is billed until then anyway. */
export interface Held {
  readonly packs: number;
  /** Of whole files. */
  readonly bytes: number;
  /** When the last of them can go. */
  readonly until: Date | undefined;
}

/** The packs of a store by how they may be treated, beside what is needed of them. */
export class PacksInStore {
  readonly files: readonly StoredFile[];
  /** Files that are billed for longer, and until when. */
  readonly #young = new Map<string, { readonly file: StoredFile; readonly untilMs: number }>();
  readonly #cold = new Set<string>();
  readonly #held = new Set<string>();

  constructor(files: readonly StoredFile[], leastStayMs: LeastStay, nowMs: number) {
    this.files = files;
    for (const file of files) {
      const { name, storageClass, writtenAt } = file;
      if (isColdClass(storageClass)) this.#cold.add(name);
      const untilMs = (writtenAt?.getTime() ?? 0) + leastStayMs(storageClass);
      if (writtenAt !== undefined && untilMs > nowMs) this.#young.set(name, { file, untilMs });
    }
  }

  /** Whether a pack lies where data cannot be read, or dearly: it is not packed anew. */
  readonly isCold = (id: string): boolean => this.#cold.has(id);

  /** Of packs that would go, those that can; the others are counted as held. */
  removable<T>(packs: readonly T[], idOf: (pack: T) => string): readonly T[] {
    return packs.filter((pack) => {
      const id = idOf(pack);
      if (this.#young.has(id)) this.#held.add(id);
      return !this.#young.has(id);
    });
  }

  get held(): Held {
    let [bytes, untilMs] = [0, 0];
    for (const id of this.#held) {
      const young = this.#young.get(id);
      bytes += young?.file.sizeBytes ?? 0;
      untilMs = Math.max(untilMs, young?.untilMs ?? 0);
    }
    return { packs: this.#held.size, bytes, until: untilMs === 0 ? undefined : new Date(untilMs) };
  }
}
