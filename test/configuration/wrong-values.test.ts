import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { configurationJsonSchema } from '../../configuration/examples.ts';
import { parseConfiguration } from '../../configuration/load.ts';
import { isFailure } from '../../contracts/failures.ts';

/** A right configuration that uses every part of the schema. */
const whole = {
  host: 'db1',
  stateDir: '/var/lib/resguardo',
  log: { level: 'info', format: 'json' },
  temporal: {
    address: 'localhost:7233',
    namespace: 'default',
    heartbeatTimeout: '60s',
    hostTimeout: '15m',
    encryption: { key: 'env:KEY', oldKeys: ['file:old.key'] },
  },
  api: { listen: '127.0.0.1:8484', key: 'env:BACKUP_API_KEY' },
  catalog: { connection: 'env:CATALOG_URL' },
  prices: '/etc/resguardo/prices.json',
  policies: {
    freshness: { default: '24h', files: '24h', postgres: '7h' },
    retention: {
      incremental: '7d',
      daily: '30d',
      weekly: '84d',
      monthly: '1y6m',
      keep: {
        last: 3,
        hourly: 24,
        daily: 7,
        weekly: 5,
        monthly: 12,
        yearly: 3,
        within: '2d',
        tags: ['keep'],
      },
    },
    copies: { copies: 3, media: 2, offsite: 1 },
  },
  repositories: {
    main: {
      url: '/srv/backup',
      password: 'file:main.key',
      compression: 'max',
      offsite: true,
      retention: {
        incremental: '3d',
        daily: '14d',
        weekly: '1y',
        monthly: '2y',
        keep: { last: 'unlimited' },
      },
      prune: { enabled: false, url: '/mnt/backup', password: 'env:PRUNE', maxUnusedPercent: 10 },
    },
    offsite: { url: '/mnt/offsite', password: 'file:offsite.key' },
    cloud: {
      url: 'azure:backup:/',
      password: 'file:cloud.key',
      azure: {
        account: 'backups',
        tenantId: '00000000-0000-0000-0000-000000000001',
        clientId: '00000000-0000-0000-0000-000000000002',
        clientSecret: 'env:CLIENT_SECRET',
        endpoint: 'https://backups.blob.core.windows.net',
      },
    },
  },
  defaultRepository: 'main',
  defaultCopies: ['offsite'],
  sources: {
    etc: {
      kind: 'files',
      paths: ['/etc'],
      exclude: ['*.tmp'],
      excludeCaches: true,
      oneFileSystem: true,
      repository: 'main',
      copies: ['offsite'],
      host: 'db1',
      tags: ['team-a'],
      hooks: {
        before: [
          {
            command: ['docker', 'stop', 'wiki'],
            name: 'stop the wiki',
            timeout: '1m',
            onError: 'continue',
            env: { TOKEN: 'env:TOKEN', FILE: 'file:hook.key' },
            workingFolder: '/srv',
          },
        ],
        afterRead: [{ command: ['docker', 'start', 'wiki'] }],
        after: [{ command: ['true'] }],
        onFailure: [{ command: ['true'] }],
        always: [{ command: ['true'] }],
        restore: {
          before: [{ command: ['true'] }],
          beforeReplace: [{ command: ['systemctl', 'stop', 'wiki'], env: { TOKEN: 'env:TOKEN' } }],
          after: [{ command: ['true'] }],
          onFailure: [{ command: ['true'] }],
          always: [{ command: ['systemctl', 'start', 'wiki'] }],
        },
      },
    },
    shop: { kind: 'postgres', connection: 'env:SHOP', databases: ['shop'] },
    crm: {
      kind: 'postgres',
      connection: {
        host: 'db1',
        port: 5432,
        user: 'backup',
        database: 'crm',
        password: 'env:PW',
        sslMode: 'require',
      },
    },
  },
  hooks: {
    before: [{ command: ['true'] }],
    after: [{ command: ['true'] }],
    onFailure: [{ command: ['true'] }],
    always: [{ command: ['curl', '-fsS', 'https://ping.example.com/night'], env: { TOKEN: 'env:TOKEN' } }],
  },
  schedules: {
    timeZone: 'Europe/Madrid',
    jitter: '1m',
    automated_backups: {
      enabled: true,
      at: '02:00',
      on: 'sunday',
      timeZone: 'UTC',
      jitter: '5m',
      catchUp: '20h',
    },
    incremental_backups: { every: '6h', offset: '1h' },
    repository_copies: { every: '6h', repositories: { offsite: { at: '05:00' } } },
    backup_verification: { at: ['06:00'], on: ['monday'], readDataPercent: 10 },
  },
  notifications: {
    reminderAfter: '24h',
    channels: {
      ops: { kind: 'slack', url: 'env:SLACK', severity: 'critical' },
      chat: { kind: 'discord', url: 'env:DISCORD' },
      mail: {
        kind: 'email',
        to: ['ops@example.com'],
        from: 'backup@example.com',
        smtp: { host: 'smtp.example.com', port: 587, user: 'me', password: 'env:SMTP', tls: 'starttls' },
      },
      hook: { kind: 'webhook', url: 'https://alerts.example.com/x', headers: { Authorization: 'env:AUTH' } },
    },
    pings: { nightly: { url: 'env:CHECK', of: ['etc'] } },
  },
};

type Path = readonly (string | number)[];

/** Every place of a value, its objects and lists included. */
function pathsIn(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  return [path, ...[...keys].flatMap((key) => pathsIn(Reflect.get(value, key), [...path, key]))];
}

function withValue(value: unknown, path: Path, replacement: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return replacement;
  const copy = structuredClone(value);
  Reflect.set(copy as object, key, withValue(Reflect.get(copy as object, key), rest, replacement));
  return copy;
}

function problemOf(text: string): string | undefined {
  try {
    parseConfiguration('/etc/resguardo/resguardo.yaml', text, {});
    return undefined;
  } catch (error) {
    assert.ok(isFailure(error, 'InvalidConfiguration'), error instanceof Error ? error.stack : String(error));
    return error.message;
  }
}

const paths = pathsIn(whole).filter((path) => path.length > 0);

test('the configuration that the others are made of is right, and uses every field of the schema', () => {
  assert.equal(problemOf(stringify(whole)), undefined);
  const sections = Object.keys(configurationJsonSchema().properties ?? {});
  assert.deepEqual(
    sections.filter((section) => !Object.hasOwn(whole, section)),
    [],
  );
});

test('every field, wrong in every way, is named with its place, and never with a stack', () => {
  const wrong = fc.oneof(
    fc.constantFrom(
      null,
      '',
      ' ',
      0,
      -1,
      1e9,
      3.5,
      true,
      false,
      [],
      {},
      [[]],
      [null],
      { a: 1 },
      'yes',
      '1 hour',
      '5',
    ),
    fc.string(),
    fc.jsonValue({ maxDepth: 2 }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...paths), wrong, (path, value) => {
      const problem = problemOf(stringify(withValue(whole, path, value)));
      // What happens to be right is no problem.
      if (problem === undefined) return;
      for (const line of problem.split('\n')) {
        assert.match(line, /^\/etc\/resguardo\/resguardo\.yaml(:\d+:\d+)?: \S+/u, line);
        assert.doesNotMatch(line, /\b(?:[A-Z]\w*)?Error\b|undefined|\bat \S+:\d+:\d+\)|\[object/);
      }
      const section = String(path[0]);
      assert.ok(problem.includes(section) || problem.includes('repositor'), `${path.join('.')}: ${problem}`);
    }),
    { numRuns: 1500 },
  );
});

test('a value of the wrong kind is told with an example of a right one', () => {
  for (const path of paths.filter((candidate) => typeof candidate.at(-1) === 'string')) {
    const value = path.reduce<unknown>((inner, key) => Reflect.get(inner as object, key), whole);
    // No field takes a negative number, and none that takes a number takes a list.
    const problem = problemOf(stringify(withValue(whole, path, typeof value === 'number' ? ['x'] : -7)));
    assert.ok(problem, path.join('.'));
    assert.match(problem, /for example|must be|did you mean|there is no/, problem);
  }
});

test('a misspelt field is told with the one that was probably meant', () => {
  for (const [path, wrong, meant] of [
    [['temporal'], 'adress', 'address'],
    [['sources', 'etc'], 'path', 'paths'],
    [['notifications', 'channels', 'mail', 'smtp'], 'pasword', 'password'],
    [['schedules'], 'automated_backup', 'automated_backups'],
    [['schedules', 'automated_backups'], 'timezone', 'timeZone'],
  ] as const) {
    const parent = path.reduce<unknown>((inner, key) => Reflect.get(inner as object, key), whole);
    const problem = problemOf(stringify(withValue(whole, path, { ...(parent as object), [wrong]: 'x' })));
    assert.match(problem ?? '', new RegExp(`${wrong}: there is no such field; did you mean ${meant}\\?`));
  }
});
