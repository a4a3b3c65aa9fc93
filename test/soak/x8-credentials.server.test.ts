import { endedCredentials } from '../../soak/rows/x8-credentials.ts';
import { testRow } from './test-row.ts';

testRow(endedCredentials);
