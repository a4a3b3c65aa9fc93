import { fullDisk, fullTarget } from '../../soak/rows/x9-full-disk.ts';
import { testRow } from './test-row.ts';

testRow(fullDisk);
testRow(fullTarget);
