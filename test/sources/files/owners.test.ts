import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadOwnerNames } from '../../../sources/files/owners.ts';
import { temporaryFolder } from '../../repository/temporary-folder.ts';

test('users and groups are named by the first line that has their number', async (t) => {
  const folder = await temporaryFolder(t);
  const [passwd, group] = [`${folder}/passwd`, `${folder}/group`];
  writeFileSync(
    passwd,
    '# comment:x:7\nroot:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:\nadmin:x:1000:4::/:\n+nis:x:5\nbad:x:\n',
  );
  writeFileSync(group, 'wheel:x:0:\nadm:x:4:admin\n');
  const names = loadOwnerNames({ passwd, group });
  assert.deepEqual([0, 1000, 5, 7].map(names.user), ['root', 'admin', undefined, undefined]);
  assert.deepEqual([0, 4, 5].map(names.group), ['wheel', 'adm', undefined]);
});

test('without the files there are no names', () => {
  const names = loadOwnerNames({ passwd: '/does/not/exist', group: '/does/not/exist' });
  assert.equal(names.user(0), undefined);
});
