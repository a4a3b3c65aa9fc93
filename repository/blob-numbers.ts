import type { BlobType } from './blobs.ts';
import { IdTable } from './index/id-table.ts';
import { NumberColumn } from './index/number-column.ts';

/** A set of blobs with a number for each, at about 42 bytes a blob. */
export class BlobNumbers {
  readonly #ids = { data: new IdTable(), tree: new IdTable() };
  readonly #numbers = { data: new NumberColumn(), tree: new NumberColumn() };

  get size(): number {
    return this.#ids.data.size + this.#ids.tree.size;
  }

  has(type: BlobType, id: string): boolean {
    return this.#ids[type].find(id) >= 0;
  }

  /** Adds a blob with the number 0; false when it is there. */
  add(type: BlobType, id: string): boolean {
    if (this.has(type, id)) return false;
    this.#ids[type].add(id);
    return true;
  }

  /** Number of a blob; undefined when it is not in the set. */
  get(type: BlobType, id: string): number | undefined {
    const row = this.#ids[type].find(id);
    return row < 0 ? undefined : this.#numbers[type].get(row);
  }

  /** Must be in the set. */
  set(type: BlobType, id: string, number: number): void {
    this.#numbers[type].set(this.#ids[type].find(id), number);
  }

  setAll(number: number): void {
    for (const type of ['data', 'tree'] as const) {
      for (let row = 0; row < this.#ids[type].size; row++) this.#numbers[type].set(row, number);
    }
  }

  /** The blobs that have this number. */
  *withNumber(number: number): Generator<{ readonly type: BlobType; readonly id: string }> {
    for (const type of ['data', 'tree'] as const) {
      for (let row = 0; row < this.#ids[type].size; row++) {
        if (this.#numbers[type].get(row) === number) yield { type, id: this.#ids[type].id(row) };
      }
    }
  }
}
