import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderTable } from '../../../cli/output/table.ts';

test('columns are as wide as their widest cell, and numbers stand at the right', () => {
  const table = renderTable(
    [{ title: 'Name' }, { title: 'Size', align: 'right' }],
    [
      ['日本', '1 B'],
      ['longer name', '12.0 MiB'],
    ],
  );
  assert.deepEqual(table.split('\n'), [
    'Name             Size',
    '-----------  --------',
    '日本              1 B',
    'longer name  12.0 MiB',
  ]);
});

test('a cell with control characters stays in its cell', () => {
  assert.match(renderTable([{ title: 'Name' }], [['a\nb\u001b[2J']]), /a\\x0ab\\x1b\[2J$/);
});
