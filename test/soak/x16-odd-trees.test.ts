import { oddTrees } from '../../soak/rows/x16-odd-trees.ts';
import { testRow } from './test-row.ts';

testRow(oddTrees);
