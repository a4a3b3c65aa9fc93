import type { HiddenFiles } from './store.ts';

/** Sums up what was removed and still takes space. Locks come and go with each run, and are not counted. */
export class HiddenSum {
  #objects = 0;
  #bytes = 0;
  #untilMs = 0;

  /** @param goneMs when it is gone by itself, in ms since 1970; infinite when nothing removes it */
  add(key: string, bytes: number, goneMs: number): void {
    if (key.includes('/locks/')) return;
    this.#objects += 1;
    this.#bytes += bytes;
    this.#untilMs = Math.max(this.#untilMs, goneMs);
  }

  total(): HiddenFiles {
    const isKnown = this.#objects > 0 && Number.isFinite(this.#untilMs);
    return {
      objects: this.#objects,
      bytes: this.#bytes,
      until: isKnown ? new Date(this.#untilMs) : undefined,
    };
  }
}
