import { endedWorkers, killedServers, killedWorkers } from '../../soak/rows/x1-workers.ts';
// So that the server is there when these tests begin.
import '../servers/temporal.ts';
import { testRow } from './test-row.ts';

testRow(killedWorkers);
testRow(endedWorkers);
testRow(killedServers);
