import { testStore } from './conformance.ts';
import { openTestStore } from './test-stores.ts';

testStore('gcs', (t) => openTestStore(t, 'gcs'));
