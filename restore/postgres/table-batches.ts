/** Small tables that one program loads one after the other. */
const batchBytes = 33_554_432;
const tablesOfABatch = 500;

/**
 * Shares tables among programs: the largest first and alone, so that the last one to end is a small one; small
 * ones together, since each program costs a connection.
 */
export function batchesOf<T>(tables: readonly T[], sizeOf: (table: T) => number): readonly (readonly T[])[] {
  const batches: T[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const table of tables.toSorted((left, right) => sizeOf(right) - sizeOf(left))) {
    const last = batches.at(-1);
    const size = sizeOf(table);
    if (last !== undefined && bytes + size <= batchBytes && last.length < tablesOfABatch) {
      last.push(table);
      bytes += size;
    } else {
      batches.push([table]);
      bytes = size;
    }
  }
  return batches;
}
