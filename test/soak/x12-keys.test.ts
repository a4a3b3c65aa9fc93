import { wrongKeys, wrongKeysByCommand } from '../../soak/rows/x12-keys.ts';
import { testRow } from './test-row.ts';

testRow(wrongKeys);
testRow(wrongKeysByCommand);
