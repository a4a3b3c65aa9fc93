import { bitFlips, smallFiles } from '../../soak/rows/x10-bit-flips.ts';
import { repairs } from '../../soak/rows/x10-repair.ts';
import { testRow } from './test-row.ts';

testRow(bitFlips);
testRow(smallFiles);
testRow(repairs);
