import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable, printableLines, shorten, textWidth } from '../../../cli/output/printable.ts';

test('a name with control characters cannot act on the terminal', () => {
  assert.equal(printable('a\u001b[31mred\u0007\n'), 'a\\x1b[31mred\\x07\\x0a');
  assert.equal(printable('gpj.\u202eexe'), 'gpj.\\u202eexe');
  assert.equal(printable('Größe 日本 🙂'), 'Größe 日本 🙂');
});

test('a message keeps its lines', () => {
  assert.equal(printableLines('one\ntwo\u001b'), 'one\ntwo\\x1b');
  assert.equal(printableLines('why:\n\tit is full'), 'why:\n    it is full');
});

test('wide and combining characters are counted by the cells they take', () => {
  assert.equal(textWidth('abc'), 3);
  assert.equal(textWidth('日本'), 4);
  assert.equal(textWidth('e\u0301'), 1);
});

test('a long path is cut in the middle, to the width that is asked for', () => {
  const path = '/srv/data/projects/alpha/reports/2026/november/report.pdf';
  const cut = shorten(path, 30);
  assert.equal(textWidth(cut), 30);
  assert.match(cut, /^\/srv.*….*report\.pdf$/);
  assert.equal(shorten('/short', 30), '/short');
  assert.ok(textWidth(shorten('/日本/日本語の長い名前のファイル.txt', 20)) <= 20);
});
