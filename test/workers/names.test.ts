import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfiguration } from '../../configuration/load.ts';
import { isFailure } from '../../contracts/failures.ts';
import { createNames } from '../../workers/names.ts';

const text = `host: DB1
repositories:
  main: { url: /srv/main, password: "env:A" }
  second: { url: /srv/second, password: "env:B" }
defaultRepository: main
temporal: { heartbeatTimeout: 30s }
sources:
  etc: { kind: files, paths: [/etc/, /etc, /srv/../home], tags: [team-a] }
  shop: { kind: postgres, connection: "env:URL", repository: second, host: db2 }
`;
const names = createNames(parseConfiguration('/etc/resguardo/resguardo.yaml', text, {}), '1.2.3');

test('a source is resolved to its host, queue, repository and constant paths', () => {
  const { username: _, ...etc } = names.resolveSource('etc');
  assert.deepEqual(etc, {
    source: 'etc',
    kind: 'files',
    host: 'DB1',
    queue: 'resguardo-host-db1',
    repository: 'main',
    paths: ['/etc', '/home'],
    programVersion: 'resguardo 1.2.3',
    copies: [],
    tags: ['team-a'],
    heartbeatTimeoutMs: 30_000,
    hostTimeoutMs: 900_000,
  });
  const { host, queue, repository, paths } = names.resolveSource('shop');
  assert.deepEqual(
    { host, queue, repository, paths },
    {
      host: 'db2',
      queue: 'resguardo-host-db2',
      repository: 'second',
      paths: ['/shop'],
    },
  );
});

test('copies go from each repository to those that its sources name, or all name', () => {
  const copied = text
    .replace('temporal:', 'defaultCopies: [second, third]\ntemporal:')
    .replace('defaultRepository', '  third: { url: /srv/third, password: "env:C" }\ndefaultRepository');
  const { resolveSource, listCopyTargets, listCopyRoutes } = createNames(
    parseConfiguration('/etc/resguardo/resguardo.yaml', copied, {}),
    '1.2.3',
  );
  assert.deepEqual(resolveSource('shop').copies, ['third'], 'not into its own repository');
  assert.deepEqual(listCopyTargets({ scheduled: false }), ['second', 'third']);
  assert.deepEqual(listCopyRoutes({ repository: 'third', sources: [] }), [
    { from: 'main', to: 'third', sources: ['etc'] },
    { from: 'second', to: 'third', sources: ['shop'] },
  ]);
  assert.deepEqual(listCopyRoutes({ repository: 'main', sources: ['shop'] }), [
    { from: 'second', to: 'main', sources: ['shop'] },
  ]);
  assert.throws(() => listCopyRoutes({ repository: 'third', sources: ['nobody'] }), /no source "nobody"/);
});

test('a repository whose copies have times of their own is left out of those after each backup', () => {
  const timed = text
    .replace('temporal:', 'defaultCopies: [second]\ntemporal:')
    .concat('schedules: { repository_copies: { repositories: { second: { every: 1d } } } }\n');
  const { resolveSource, listCopyTargets } = createNames(
    parseConfiguration('/etc/resguardo/resguardo.yaml', timed, {}),
    '1.2.3',
  );
  assert.deepEqual(resolveSource('etc').copies, []);
  assert.deepEqual(listCopyTargets({ scheduled: true }), []);
  assert.deepEqual(listCopyTargets({ scheduled: false }), ['second']);
});

test('what is resolved holds no secret and no reference to one', () => {
  assert.doesNotMatch(JSON.stringify([names.resolveSource('shop'), names.resolveRepository()]), /env:/);
});

test('the default repository is meant when none is named', () => {
  assert.equal(names.resolveRepository().repository, 'main');
  assert.equal(names.resolveRepository('second').repository, 'second');
});

for (const name of ['nobody', 'constructor', '__proto__']) {
  test(`the unknown name ${name} is refused, and the known ones are listed`, () => {
    assert.throws(
      () => names.resolveSource(name),
      (error) => isFailure(error, 'InvalidInput') && error.message.endsWith('it has etc, shop'),
    );
    assert.throws(
      () => names.resolveRepository(name),
      (error) => isFailure(error, 'InvalidInput'),
    );
  });
}
