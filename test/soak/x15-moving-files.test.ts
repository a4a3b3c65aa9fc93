import { forbidden } from '../../soak/rows/x15-forbidden.ts';
import { movingFiles } from '../../soak/rows/x15-moving-files.ts';
import { testRow } from './test-row.ts';

testRow(movingFiles);
testRow(forbidden);
