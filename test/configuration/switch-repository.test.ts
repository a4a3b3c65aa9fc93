import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NewPlace, switchedConfiguration } from '../../configuration/switch-repository.ts';

const text = `# kept by hand
defaultRepository: main

repositories:
  main:
    url: /srv/backup   # the disk in the cellar
    password: file:main.key
    limits: {uploadKiB: 100}
    azure: {account: old}
  new:
    url: s3:https://host/bucket
    password: file:main.key
    s3: {accessKeyId: env:ID, secretAccessKey: env:SECRET} # of the new provider
sources:
  etc: {kind: files, paths: [/etc]}
`;

test('a repository that is moved leads to the new URL, without the access that belonged to the old one', () => {
  const url = 's3:https://elsewhere/bucket';
  const expected = text.replace('/srv/backup  ', url).replace('    azure: {account: old}\n', '');
  assert.equal(switched({ kind: 'url', url }), expected);
});

test('an entry that said where to is taken over with its access, and goes', () => {
  assert.equal(
    switched({ kind: 'entry', name: 'new' }),
    `# kept by hand
defaultRepository: main

repositories:
  main:
    url: s3:https://host/bucket
    password: file:main.key
    limits: {uploadKiB: 100}
    s3: {accessKeyId: env:ID, secretAccessKey: env:SECRET} # of the new provider
sources:
  etc: {kind: files, paths: [/etc]}
`,
  );
});

test('where other fields name the entry that would go, a person has to change the file', () => {
  const used = text.replace('paths: [/etc]}', 'paths: [/etc], copies: [new]}');
  assert.equal(switched({ kind: 'entry', name: 'new' }, used), undefined);
});

function switched(place: NewPlace, from: string = text): string | undefined {
  return switchedConfiguration({
    file: '/etc/resguardo/resguardo.yaml',
    text: from,
    repository: 'main',
    place,
    env: {},
  });
}
