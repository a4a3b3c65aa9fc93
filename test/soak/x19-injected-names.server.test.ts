import { injectedNames } from '../../soak/rows/x19-injected-names.ts';
import { testRow } from './test-row.ts';

testRow(injectedNames);
