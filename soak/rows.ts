import type { Row } from './row.ts';
import { bitFlips, smallFiles } from './rows/x10-bit-flips.ts';

/** All rows, in the order of the fault table. */
export const rows: readonly Row[] = [bitFlips, smallFiles];
