import { staleLocks } from '../../soak/rows/x20-stale-locks.ts';
import { testRow } from './test-row.ts';

testRow(staleLocks);
