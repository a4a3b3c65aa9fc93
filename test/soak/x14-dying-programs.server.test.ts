import { dyingCommands } from '../../soak/rows/x14-commands.ts';
import { dyingDumps } from '../../soak/rows/x14-databases.ts';
import { testRow } from './test-row.ts';

testRow(dyingCommands);
testRow(dyingDumps);
