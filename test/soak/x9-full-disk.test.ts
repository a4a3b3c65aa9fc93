import { fullCache } from '../../soak/rows/x9-cache.ts';
import { diskErrors } from '../../soak/rows/x9-errors.ts';
import { fullDisk, fullTarget } from '../../soak/rows/x9-full-disk.ts';
import { testRow } from './test-row.ts';

testRow(fullDisk);
testRow(fullTarget);
testRow(fullCache);
testRow(diskErrors);
