import { archives, plantedStatements, psqlCommands } from '../../soak/rows/x18-hostile-dumps.ts';
import { testRow } from './test-row.ts';

testRow(psqlCommands);
testRow(plantedStatements);
testRow(archives);
