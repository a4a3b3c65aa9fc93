import { kills } from '../../soak/rows/x2-kills.ts';
import { powerCut } from '../../soak/rows/x2-power-cut.ts';
import { killedRepairs } from '../../soak/rows/x2-repair.ts';
import { testRow } from './test-row.ts';

testRow(kills);
testRow(powerCut);
testRow(killedRepairs);
