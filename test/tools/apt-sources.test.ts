import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { debianArchive, parseLines, parseStanzas } from '../../tools/apt-sources.ts';

describe('sources of apt', () => {
  test('are read from lines, with and without options', () => {
    const text = [
      '# a comment',
      'deb http://archive.example/debian bookworm main contrib # trailing',
      'deb-src http://archive.example/debian bookworm main',
      'deb [arch=amd64 signed-by=/keys/vendor.gpg] https://vendor.example/apt stable main',
    ].join('\n');
    assert.deepEqual(parseLines(text), [
      { uri: 'http://archive.example/debian', suites: ['bookworm'], components: ['main', 'contrib'] },
      {
        uri: 'https://vendor.example/apt',
        suites: ['stable'],
        components: ['main'],
        signedBy: '/keys/vendor.gpg',
      },
    ]);
  });

  test('are read from stanzas, without those that are switched off', () => {
    const text = [
      'Types: deb deb-src',
      '# where from',
      'URIs: http://one.example/debian http://two.example/debian',
      'Suites: bookworm bookworm-updates',
      'Components: main',
      'Signed-By: /keys/archive.gpg',
      '',
      'Types: deb',
      'URIs: http://off.example/debian',
      'Suites: sid',
      'Components: main',
      'Enabled: no',
    ].join('\n');
    const common = {
      suites: ['bookworm', 'bookworm-updates'],
      components: ['main'],
      signedBy: '/keys/archive.gpg',
    };
    assert.deepEqual(parseStanzas(text), [
      { uri: 'http://one.example/debian', ...common },
      { uri: 'http://two.example/debian', ...common },
    ]);
  });

  test('name the archive of Debian itself, not that of its security updates or of a vendor', () => {
    const lines = [
      'deb https://vendor.example/apt stable main',
      'deb http://archive.example/debian-security bookworm-security main',
      'deb http://archive.example/debian/ bookworm main',
    ].join('\n');
    assert.equal(debianArchive(parseLines(lines))?.uri, 'http://archive.example/debian/');
    assert.equal(debianArchive([]), undefined);
  });
});
