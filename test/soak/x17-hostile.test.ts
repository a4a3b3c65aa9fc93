import { decoderFuzz } from '../../soak/rows/x17-decoders.ts';
import { hostile } from '../../soak/rows/x17-hostile.ts';
import { testRow } from './test-row.ts';

testRow(hostile);
testRow(decoderFuzz);
