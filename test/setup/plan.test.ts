import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Configuration, parseConfiguration } from '../../configuration/load.ts';
import { configurationText } from '../../setup/configuration-text.ts';
import type { MachineFacts } from '../../setup/facts.ts';
import { planSetup } from '../../setup/plan.ts';
import { recoverySheet } from '../../setup/recovery-sheet.ts';
import { serverFacts } from './facts.ts';

const folder = '/etc/resguardo';

const plan = (facts: Partial<MachineFacts> = {}, repository?: string) =>
  planSetup({ ...serverFacts, ...facts }, { folder, ...(repository === undefined ? {} : { repository }) });

function written(facts: Partial<MachineFacts> = {}): Configuration {
  return parseConfiguration(`${folder}/resguardo.yaml`, configurationText(plan(facts)), {});
}

test('what is written is a right configuration that protects what was found', () => {
  const { host, repositories, sources } = written();
  assert.equal(host, 'db1');
  assert.partialDeepStrictEqual(repositories.main, {
    url: '/srv/backup/resguardo',
    password: 'file:/etc/resguardo/resguardo.key',
    compression: 'default',
  });
  assert.deepEqual(Object.keys(sources), ['etc', 'home', 'srv']);
});

test('a repository inside of what is backed up is left out of it', () => {
  const { srv } = written().sources;
  assert.deepEqual(srv && 'exclude' in srv && srv.exclude, ['/srv/backup/resguardo']);
});

test('another disk is taken before the disk of the data, and the same disk is said to be no good', () => {
  const other = { path: '/mnt/usb', device: 2, freeBytes: 1 };
  const two = plan({ places: [...serverFacts.places, other] }).repository;
  assert.deepEqual([two.url, two.remark], ['/mnt/usb/resguardo', 'On another disk than the data.']);
  assert.match(plan().repository.remark, /^On the same disk as the data/);
});

test('a repository of restic that is there already is used with its password', () => {
  const variables = ['RESTIC_REPOSITORY', 'RESTIC_PASSWORD'];
  const restic = { repository: '/mnt/old' };
  const found = plan({ variables, restic });
  assert.deepEqual(
    [found.repository.url, found.repository.password, found.keyFile],
    ['/mnt/old', 'env:RESTIC_PASSWORD', undefined],
  );
  const file = plan({ variables, restic: { ...restic, passwordFile: '/root/.restic' } });
  assert.equal(file.repository.password, 'file:/root/.restic');
  assert.equal(plan({ variables, restic }, '/elsewhere').repository.url, '/elsewhere');
});

test('a database without a role is written as a comment, and is said not to be protected', () => {
  const facts = { postgres: [{ host: '/var/run/postgresql', port: 5432 }] };
  assert.equal('postgres' in written(facts).sources, false);
  assert.match(
    plan(facts).notices.join('\n'),
    /NOT protected yet: postgres\. PostgreSQL answers at \/var\/run/,
  );
  const completed = configurationText(plan(facts)).replace(
    /^ {2}# (?= {0,4}(postgres|kind: postgres|connection|host: \/|port|user|password))/gm,
    '  ',
  );
  const { sources } = parseConfiguration(`${folder}/resguardo.yaml`, completed, {});
  assert.equal(sources.postgres?.kind, 'postgres', 'without the marks of the comment it is right');
});

test('a database URL and a webhook in the environment are used by reference', () => {
  const configuration = written({ databaseUrl: 'mysql', variables: ['SLACK_WEBHOOK_URL'] });
  const { database } = configuration.sources;
  assert.partialDeepStrictEqual(database, { kind: 'mysql', connection: 'env:DATABASE_URL' });
  assert.equal(configuration.notifications.channels.ops?.kind, 'slack');
});

test('the examples in comments are right too', () => {
  const text = configurationText(plan());
  const marked = /^# (notifications|schedules):\n(# .*\n)+/gm;
  const configuration = parseConfiguration(
    `${folder}/resguardo.yaml`,
    text.replaceAll(marked, (section) => section.replaceAll(/^# /gm, '')),
    {},
  );
  assert.deepEqual(Object.keys(configuration.notifications.channels), ['ops', 'mail']);
  assert.equal(configuration.schedules.timeZone, 'Europe/Madrid');
});

test('what is found and not supported is said aloud', () => {
  const { notices } = plan({ others: [{ name: 'Docker', where: '/run/docker.sock' }] });
  assert.match(notices.join('\n'), /NOT protected: Docker \(\/run\/docker\.sock\)/);
  assert.match(notices.join('\n'), /Nobody is told when a backup fails/);
});

test('whatever the machine has for names, the text is a right configuration', () => {
  const name = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .map((text) => text.replaceAll('\0', '_'));
  const absolute = fc
    .array(name, { minLength: 1, maxLength: 3 })
    .map((parts) => `/${parts.map((part) => part.replaceAll('/', '_')).join('/')}`);
  const device = fc.integer({ min: 1, max: 3 });
  fc.assert(
    fc.property(
      fc.record({
        host: name,
        home: absolute,
        isRoot: fc.boolean(),
        postgres: fc.array(fc.record({ host: absolute, port: fc.integer({ min: 1, max: 65_535 }) }), {
          maxLength: 2,
        }),
        others: fc.array(fc.record({ name, where: absolute }), { maxLength: 2 }),
        folders: fc.uniqueArray(fc.record({ path: absolute, device }), {
          maxLength: 4,
          selector: ({ path }) => path,
        }),
        places: fc.array(fc.record({ path: absolute, device, freeBytes: fc.nat() }), { maxLength: 2 }),
        databaseUrl: fc.constantFrom('postgres', 'mysql'),
        variables: fc.subarray(['SLACK_WEBHOOK_URL']),
      }),
      (facts) => {
        const { repositories, sources } = written(facts);
        assert.equal(Object.keys(repositories).length, 1);
        const paths = Object.values(sources).flatMap((source) => ('paths' in source ? source.paths : []));
        assert.equal(paths.length, facts.folders.length, 'every folder is protected');
      },
    ),
    { numRuns: 300 },
  );
});

test('the recovery sheet has the repository, the password and the commands of restic', () => {
  const sheet = recoverySheet({ plan: plan(), key: 'c2VjcmV0', date: '2026-11-21' });
  assert.match(sheet, /export RESTIC_REPOSITORY=\/srv\/backup\/resguardo\n/);
  assert.match(sheet, /\| Password \| `c2VjcmV0` \|/);
  assert.match(sheet, /\| Protected \| etc, home, srv \|/);
  const odd = recoverySheet({ plan: plan({}, "/mnt/it's `here`"), date: '2026-11-21' });
  assert.match(odd, /RESTIC_REPOSITORY='\/mnt\/it'\\''s '\\''here'\\'''\n/);
  assert.match(odd, /write it here: ____/);
});
