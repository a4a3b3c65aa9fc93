import { bitFlips, smallFiles } from '../../soak/rows/x10-bit-flips.ts';
import { testRow } from './test-row.ts';

testRow(bitFlips);
testRow(smallFiles);
