import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { configurationFromEnvironment } from '../../configuration/from-environment.ts';
import { loadConfiguration } from '../../configuration/load.ts';
import { isFailure } from '../../contracts/failures.ts';
import { resolveSecret } from '../../secrets/resolve.ts';
import { splitUrls } from '../../secrets/url-list.ts';

const key = 'c2VjcmV0LWtleS1vZi10aGUtdGVzdC0zMi1ieXRlcyEhIQ==';
const base = { BACKUP_DIR: '/var/backups', BACKUP_ENCRYPTION_KEY: key };

async function load(env: NodeJS.ProcessEnv) {
  const cwd = await mkdtemp(path.join(tmpdir(), 'resguardo-environment-'));
  try {
    return await loadConfiguration({ env, cwd });
  } finally {
    await rm(cwd, { recursive: true });
  }
}

async function problemOf(env: NodeJS.ProcessEnv): Promise<string> {
  try {
    await load(env);
    return 'accepted';
  } catch (error) {
    assert.ok(isFailure(error, 'InvalidConfiguration'), String(error));
    return error.message;
  }
}

test('the variables of older scripts are a whole configuration, their secrets stay references', async () => {
  const env = {
    ...base,
    BACKUP_DB_CONNECTIONS: 'postgresql://u:p%2Cw@db1:5433/shop,postgresql://u:p@db2/crm?sslmode=require',
    BACKUP_CRITICAL_PATHS: '/etc,/home/app/.env',
    SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T/B/X',
    BACKUP_ALERT_EMAILS: 'ops@example.com, boss@example.com',
    SMTP_HOST: 'mail.example.com',
    SMTP_PORT: '2525',
  };
  const configuration = await load(env);
  assert.equal(configuration.file, undefined);
  assert.deepEqual(Object.keys(configuration.repositories), ['main']);
  assert.partialDeepStrictEqual(configuration.repositories.main, {
    url: '/var/backups',
    password: 'env:BACKUP_ENCRYPTION_KEY',
    compression: 'default',
  });
  const database = { kind: 'postgres', tags: [] };
  assert.deepEqual(Object.keys(configuration.sources), ['shop', 'crm', 'critical-paths']);
  assert.partialDeepStrictEqual(configuration.sources, {
    shop: { ...database, connection: 'env:BACKUP_DB_CONNECTIONS#1', databases: ['shop'] },
    crm: { ...database, connection: 'env:BACKUP_DB_CONNECTIONS#2', databases: ['crm'] },
    'critical-paths': {
      kind: 'files',
      paths: ['/etc', '/home/app/.env'],
      exclude: [],
      excludeCaches: false,
      oneFileSystem: false,
      tags: [],
    },
  });
  assert.deepEqual(configuration.notifications.channels, {
    slack: { kind: 'slack', url: 'env:SLACK_WEBHOOK_URL', severity: 'warning' },
    email: {
      kind: 'email',
      to: ['ops@example.com', 'boss@example.com'],
      smtp: { host: 'mail.example.com', port: 2525, tls: 'auto' },
      severity: 'warning',
    },
  });
  const second = await resolveSecret('env:BACKUP_DB_CONNECTIONS#2', env);
  assert.equal(second.reveal(), 'postgresql://u:p@db2/crm?sslmode=require');
  assert.equal((await resolveSecret('env:BACKUP_ENCRYPTION_KEY', env)).reveal(), key);
  await assert.rejects(resolveSecret('env:BACKUP_DB_CONNECTIONS#3', env), { type: 'SecretUnavailable' });
});

test('a list of connections is split where a URL begins, not where a comma stands', () => {
  for (const [list, expected] of [
    ['postgresql://a@h/x,postgresql://b@h/y', ['postgresql://a@h/x', 'postgresql://b@h/y']],
    ['postgresql://a:p,w@h/x, postgres://b@h/y\n', ['postgresql://a:p,w@h/x', 'postgres://b@h/y']],
    [
      'postgresql://a@h1:1,h2:2/x\npostgresql://b@h/y,\r\n\n',
      ['postgresql://a@h1:1,h2:2/x', 'postgresql://b@h/y'],
    ],
    ['postgresql://a@h/x postgresql://b@h/y', ['postgresql://a@h/x', 'postgresql://b@h/y']],
    ['', []],
  ] as const) {
    assert.deepEqual(splitUrls(list), expected);
  }
});

test('one database is taken from DB_…, and once when the list has it too', async () => {
  const env = {
    ...base,
    DB_DATABASE: 'shop',
    DB_USERNAME: 'app',
    DB_PASSWORD: 'pw',
    DB_HOST: 'db1',
    DB_PORT: '5433',
  };
  const { sources } = await load(env);
  assert.partialDeepStrictEqual(sources.shop, {
    kind: 'postgres',
    connection: { host: 'db1', port: 5433, user: 'app', database: 'shop', password: 'env:DB_PASSWORD' },
    databases: ['shop'],
    tags: [],
  });
  const both = await load({ ...env, BACKUP_DB_CONNECTIONS: 'postgresql://app:pw@db1:5433/shop' });
  assert.deepEqual(Object.keys(both.sources), ['shop']);
});

test('databases of one name on several servers, and names with odd letters, get names of their own', async () => {
  const { sources } = await load({
    ...base,
    BACKUP_DB_CONNECTIONS:
      'postgresql://a@h1/app\npostgresql://a@h2/app\npostgresql://a@h3\npostgresql://a@h4/caf%C3%A9%20x',
  });
  assert.deepEqual(Object.keys(sources), ['app', 'app-2', 'h3', 'caf--x']);
  assert.equal('databases' in (sources.h3 ?? {}), false, 'a URL without a database means all of the server');
});

test('paths are split at commas, colons and line ends before a path', async () => {
  const { sources } = await load({
    ...base,
    HOME: '/home/me',
    BACKUP_CRITICAL_PATHS: '/etc:/srv/a,b, ~/x\n/etc\n',
  });
  assert.deepEqual(
    sources['critical-paths'] && 'paths' in sources['critical-paths'] && sources['critical-paths'].paths,
    ['/etc', '/srv/a,b', '/home/me/x'],
  );
});

test('a cloud is a second repository, which gets a copy of everything', async () => {
  for (const [env, url] of [
    [
      { CLOUD_PROVIDER: 'aws', AWS_BACKUP_BUCKET: 'b1', AWS_REGION: 'eu-west-1' },
      's3:https://s3.eu-west-1.amazonaws.com/b1/resguardo',
    ],
    [
      { BACKUP_S3_BUCKET: 's3://b2/', AWS_DEFAULT_REGION: 'eu-south-2' },
      's3:https://s3.eu-south-2.amazonaws.com/b2/resguardo',
    ],
    [
      { AWS_BACKUP_BUCKET: 'b3', AWS_ENDPOINT_URL: 'https://minio.internal:9000/' },
      's3:https://minio.internal:9000/b3/resguardo',
    ],
    [{ CLOUD_PROVIDER: 'Azure', AZURE_BACKUP_CONTAINER: 'c1' }, 'azure:c1:/resguardo'],
    [{ CLOUD_PROVIDER: 'gcp', GCP_BACKUP_BUCKET: 'g1' }, 'gs:g1:/resguardo'],
  ] as const) {
    const configuration = await load({ ...base, ...env, BACKUP_CRITICAL_PATHS: '/etc' });
    assert.equal(configuration.repositories.cloud?.url, url);
    assert.equal(configuration.defaultRepository, 'main');
    assert.deepEqual(configuration.defaultCopies, ['cloud']);
    assert.deepEqual(configuration.warnings, []);
  }
  assert.equal((await load({ ...base, CLOUD_PROVIDER: 'none' })).repositories.cloud, undefined);
});

test('the days of retention are those of daily backups; weekly and monthly ones are kept no shorter', async () => {
  const kept = async (days: string) =>
    (await load({ ...base, BACKUP_RETENTION_DAYS: days })).policies.retention;
  assert.deepEqual(await kept('3'), { incremental: '3d', daily: '3d', weekly: '84d', monthly: '90d' });
  assert.deepEqual(await kept(' 30 '), { incremental: '7d', daily: '30d', weekly: '84d', monthly: '90d' });
  assert.deepEqual(await kept('365'), { incremental: '7d', daily: '365d', weekly: '365d', monthly: '365d' });
  for (const wrong of ['0', '30d', '-1', 'a month']) {
    await assert.rejects(kept(wrong), /BACKUP_RETENTION_DAYS: must be a number of days, for example 30/);
  }
});

test('URLs and variables of MySQL and MariaDB are sources, and keep no password', async () => {
  const { sources } = await load({
    ...base,
    BACKUP_DB_CONNECTIONS: 'mysql://u:hunter2@h/shop,mariadb://u@[::1]:3307,postgresql://u@h/shop',
    DB_CONNECTION: 'mysql',
    DB_DATABASE: 'legacy',
    DB_PASSWORD: 'hunter2',
  });
  assert.deepEqual(
    Object.entries(sources).map(([name, { kind }]) => [name, kind]),
    [
      ['shop', 'mysql'],
      ['1-', 'mysql'],
      ['shop-2', 'postgres'],
      ['legacy', 'mysql'],
    ],
  );
  assert.doesNotMatch(JSON.stringify(sources), /hunter2/);
});

test('what is asked for and not done yet is said aloud', async () => {
  const { warnings, sources } = await load({
    ...base,
    BACKUP_DB_CONNECTIONS: 'mongodb://u:hunter2@h/x,postgresql://u@h/y',
    DB_CONNECTION: 'sqlsrv',
    DB_DATABASE: 'legacy',
  });
  assert.deepEqual(Object.keys(sources), ['y']);
  assert.match(
    warnings.join('\n'),
    /entry 1: mongodb:\/\/ is not supported yet; this database is NOT backed up/,
  );
  assert.match(warnings.join('\n'), /DB_CONNECTION: sqlsrv is not supported yet/);
  assert.equal(warnings.join().includes('hunter2'), false);
});

test('a wrong variable is named with an example of a right value, and its secret is not repeated', async () => {
  for (const [env, message] of [
    [{ BACKUP_DIR: '' }, /BACKUP_DIR: is missing, for example/],
    [{ BACKUP_ENCRYPTION_KEY: '' }, /BACKUP_ENCRYPTION_KEY: is missing; make one: head/],
    [{ BACKUP_DB_CONNECTIONS: 'hunter2@db1' }, /BACKUP_DB_CONNECTIONS, entry 1: must be a URL, for example/],
    [{ BACKUP_DB_CONNECTIONS: 'postgresql://u:hunter2@h/50%' }, /entry 1: a "%" in the name/],
    [{ BACKUP_CRITICAL_PATHS: 'etc' }, /BACKUP_CRITICAL_PATHS: must list absolute paths/],
    [{ CLOUD_PROVIDER: 'dropbox' }, /CLOUD_PROVIDER: must be aws, azure, gcp or none/],
    [{ CLOUD_PROVIDER: 'constructor' }, /CLOUD_PROVIDER: must be/],
    [{ CLOUD_PROVIDER: 'aws' }, /AWS_BACKUP_BUCKET: is missing/],
    [{ CLOUD_PROVIDER: 'gcp', GCP_BACKUP_BUCKET: 'a b' }, /GCP_BACKUP_BUCKET: must be the name of a bucket/],
    [{ BACKUP_ALERT_EMAILS: 'ops' }, /BACKUP_ALERT_EMAILS: must be a mail address such as/],
    [{ BACKUP_ALERT_EMAILS: 'a@b.c', SMTP_PORT: 'smtp' }, /SMTP_PORT: /],
    [{ DB_DATABASE: 'x', DB_PORT: 'five' }, /DB_PORT: must be a port number/],
  ] as const) {
    const problem = await problemOf({ ...base, ...env });
    assert.match(problem, message, JSON.stringify(env));
    assert.equal(problem.includes('hunter2'), false);
  }
});

test('without any of its variables the environment is no configuration', async () => {
  assert.equal(
    configurationFromEnvironment({ DB_DATABASE: 'app', AWS_REGION: 'x', PATH: '/bin' }),
    undefined,
  );
  assert.match(await problemOf({ DB_DATABASE: 'app' }), /There is no configuration/);
});

test('whatever the variables hold, there is a configuration or a failure that names one of them', async () => {
  const names = [
    'BACKUP_DIR',
    'BACKUP_DB_CONNECTIONS',
    'BACKUP_CRITICAL_PATHS',
    'CLOUD_PROVIDER',
    'DB_DATABASE',
  ];
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom('postgresql://', 'postgresql://a:b@c/d', '/', ',', '\n', 'aws'),
  );
  await fc.assert(
    fc.asyncProperty(fc.tuple(...names.map(() => value)), async (values) => {
      const env = { ...base, ...Object.fromEntries(names.map((name, index) => [name, values[index]])) };
      const problem = await problemOf(env);
      assert.match(problem, /^(accepted$|environment: )/);
    }),
    { numRuns: 100 },
  );
});
