import { testStore } from './conformance.ts';
import { openTestStore } from './test-stores.ts';

testStore('s3', (t) => openTestStore(t, 's3'));
