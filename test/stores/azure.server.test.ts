import { testStore } from './conformance.ts';
import { openTestStore } from './test-stores.ts';

testStore('azure', (t) => openTestStore(t, 'azure'));
