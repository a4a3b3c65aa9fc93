import { rollback } from '../../soak/rows/x11-rollback.ts';
import { tampering } from '../../soak/rows/x11-tampering.ts';
import { testRow } from './test-row.ts';

testRow(tampering);
testRow(rollback);
