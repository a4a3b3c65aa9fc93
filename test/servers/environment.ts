import { Secret } from '../../secrets/secret.ts';
import type { PostgresMajor } from '../../tools/postgres.ts';

/**
 * Names of the environment variables by which test/run.ts tells the test files what it has started. A test
 * file that is run alone finds none of them, and starts what it needs itself.
 */
export const environmentNames = {
  temporalAddress: 'RESGUARDO_TEST_TEMPORAL_ADDRESS',
  temporalExecutable: 'RESGUARDO_TEST_TEMPORAL_EXECUTABLE',
  /** JSON, see `SharedPostgres`. */
  postgres: (major: number): string => `RESGUARDO_TEST_POSTGRES_${major}`,
  /** JSON, see `SharedMariadb`. */
  mariadb: 'RESGUARDO_TEST_MARIADB',
  promtool: 'RESGUARDO_TEST_PROMTOOL',
  /** JSON of what the functions of tools/ resolve to: `MinioServer`, `AzuriteServer`, `FakeGcsServer`, `SshServer`. */
  minio: 'RESGUARDO_TEST_MINIO',
  azurite: 'RESGUARDO_TEST_AZURITE',
  fakeGcs: 'RESGUARDO_TEST_FAKE_GCS',
  sshd: 'RESGUARDO_TEST_SSHD',
  restic: (version: string): string => `RESGUARDO_TEST_RESTIC_${version.replaceAll('.', '_')}`,
} as const;

/** Tells a person who runs one file why it takes so long the first time. */
export function printNotice(notice: string): void {
  process.stderr.write(`${notice} ...\n`);
}

export interface SharedPostgres {
  readonly major: PostgresMajor;
  readonly host: string;
  readonly port: number;
  /** Superuser. */
  readonly user: string;
  readonly password: Secret;
  /** Folder with all programs of that version. */
  readonly binDir: string;
}

export interface SharedMariadb {
  readonly host: string;
  readonly port: number;
  /** May do everything, and needs no password. */
  readonly user: string;
  /** Folder with `mariadb-dump`. */
  readonly binDir: string;
}

/** As `testSettings`, for MariaDB. */
export const mariadbSettings = {
  'innodb-flush-log-at-trx-commit': '0',
  'sync-binlog': '0',
  'innodb-doublewrite': 'OFF',
  'max-allowed-packet': '128M',
  'event-scheduler': 'ON',
} as const;

/** Settings of servers that tests share: what is lost in a crash of the machine does not matter. */
export const testSettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'replica',
  max_wal_senders: '5',
  max_connections: '50',
} as const;

/** For the environment of test files: they get the password, so only servers that were made for tests. */
export function encodeServer(server: SharedPostgres): string {
  return JSON.stringify({ ...server, password: server.password.reveal() });
}

export function decodeServer(text: string): SharedPostgres {
  const server = JSON.parse(text);
  return { ...server, password: new Secret(server.password) };
}
