import { tableOf } from './insert-head.ts';
import type { ScannedRows } from './row-scanner.ts';

/** What one table held: enough to tell whether a restored one is equal, not enough to tell what differs. */
export interface TableRows {
  readonly rows: number;
  /**
   * Sum over the rows, modulo 2^64, of the SipHash-2-4 of the row as the dump has it between its brackets, in
   * decimal: the order does not matter. The key is sixteen zero bytes: it finds accidents, while the
   * repository itself keeps attackers away.
   */
  readonly hash: string;
}

/** Adds up what the INSERT statements of a dump hold of each table. */
export class RowMeasure {
  readonly #tables = new Map<string, ScannedRows>();

  /** @param head of the statement, up to VALUES */
  add(head: Buffer, { rows, sum }: ScannedRows): void {
    const table = tableOf(head);
    const earlier = this.#tables.get(table) ?? { rows: 0n, sum: 0n };
    this.#tables.set(table, { rows: earlier.rows + rows, sum: BigInt.asUintN(64, earlier.sum + sum) });
  }

  /** Of tables without rows nothing is known. */
  of(table: string): TableRows {
    const { rows, sum } = this.#tables.get(table) ?? { rows: 0n, sum: 0n };
    return { rows: Number(rows), hash: sum.toString() };
  }
}
