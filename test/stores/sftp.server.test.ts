import { testStore } from './conformance.ts';
import { openTestStore } from './test-stores.ts';

testStore('sftp', (t) => openTestStore(t, 'sftp'));
