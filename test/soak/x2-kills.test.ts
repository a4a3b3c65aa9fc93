import { kills } from '../../soak/rows/x2-kills.ts';
import { testRow } from './test-row.ts';

testRow(kills);
