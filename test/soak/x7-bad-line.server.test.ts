import { badLine } from '../../soak/rows/x7-bad-line.ts';
import { testRow } from './test-row.ts';

testRow(badLine);
