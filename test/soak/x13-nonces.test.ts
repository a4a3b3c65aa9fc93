import { nonces } from '../../soak/rows/x13-nonces.ts';
import { testRow } from './test-row.ts';

testRow(nonces);
