import { busyService } from '../../soak/rows/x6-busy-service.ts';
import { testRow } from './test-row.ts';

testRow(busyService);
