import { Failure } from '../../contracts/failures.ts';
import { ensureMariadb } from '../../tools/mariadb.ts';
import { startMysqlServer } from '../../tools/mysql-server.ts';
import { ensurePostgres, type PostgresMajor } from '../../tools/postgres.ts';
import { startPostgres } from '../../tools/postgres-server.ts';
import { ensurePromtool } from '../../tools/promtool.ts';
import { ensureRestic, type ResticVersion } from '../../tools/restic.ts';
import { ensureTemporal } from '../../tools/temporal.ts';
import { startTemporalServer } from '../../tools/temporal-server.ts';
import { encodeServer, environmentNames, mariadbSettings, testSettings } from '../servers/environment.ts';
import { testFilesReached } from '../source-files.ts';
import { storeServers } from './store-servers.ts';

const kinds = [
  'temporal',
  'postgres',
  'mariadb',
  'restic',
  'promtool',
  'minio',
  'azurite',
  'fake-gcs',
  'sshd',
] as const;

export type ServerKind = (typeof kinds)[number];

/** Versions that every run has at hand. A test that wants another gets it from test/servers/ for itself. */
const postgresMajors: readonly PostgresMajor[] = [15, 17, 18];
const resticVersions: readonly ResticVersion[] = ['0.14.0', '0.19.1'];

export interface SharedServers {
  /** For the environment of test files. */
  readonly env: Readonly<Record<string, string>>;
  /** What could not be had, and why. */
  readonly missing: ReadonlyMap<ServerKind, Failure>;
  stop(): Promise<void>;
}

export interface SharedServersOptions {
  readonly signal: AbortSignal;
  readonly onNotice: (notice: string) => void;
}

/** The servers that a test file uses: those whose file below test/servers/ it imports, for itself or for a scope. */
export async function serversOf(root: string, file: string): Promise<readonly ServerKind[]> {
  const reached = await testFilesReached(root, file);
  return kinds.filter((kind) =>
    ['', 'scoped-'].some((prefix) => reached.has(`test/servers/${prefix}${kind}.ts`)),
  );
}

/** Installs and starts servers, all at the same time. Never rejects: what failed is in `missing`. */
export async function startSharedServers(
  wanted: ReadonlySet<ServerKind>,
  options: SharedServersOptions,
): Promise<SharedServers> {
  const env: Record<string, string> = {};
  const missing = new Map<ServerKind, Failure>();
  const stops: (() => Promise<void>)[] = [];
  const start = { env, stops, options };
  const starts: Readonly<Record<ServerKind, readonly (() => Promise<void>)[]>> = {
    temporal: [() => startTemporal(start)],
    postgres: postgresMajors.map((major) => () => startPostgresMajor(major, start)),
    mariadb: [() => startSharedMariadb(start)],
    restic: resticVersions.map((version) => () => findRestic(version, start)),
    promtool: [() => findPromtool(start)],
    ...storeServers(start),
  };
  await Promise.all(
    [...wanted].flatMap((kind) =>
      starts[kind].map(async (begin) => {
        await begin().catch((error: unknown) => missing.set(kind, asFailure(error)));
      }),
    ),
  );
  return {
    env,
    missing,
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

export interface Start {
  readonly env: Record<string, string>;
  readonly stops: (() => Promise<void>)[];
  readonly options: SharedServersOptions;
}

async function startTemporal({ env, stops, options }: Start): Promise<void> {
  const executable = await ensureTemporal(options);
  const server = await startTemporalServer({ executable, headless: true, signal: options.signal });
  stops.push(() => server.stop());
  env[environmentNames.temporalExecutable] = executable;
  env[environmentNames.temporalAddress] = server.address;
}

async function startPostgresMajor(major: PostgresMajor, { env, stops, options }: Start): Promise<void> {
  const { binDir } = await ensurePostgres(major, options);
  const server = await startPostgres({ binDir, settings: testSettings, signal: options.signal });
  stops.push(() => server.stop());
  const { host, port, user, password } = server;
  env[environmentNames.postgres(major)] = encodeServer({ major, host, port, user, password, binDir });
}

async function startSharedMariadb({ env, stops, options }: Start): Promise<void> {
  const tools = await ensureMariadb(options);
  const server = await startMysqlServer({ tools, settings: mariadbSettings, signal: options.signal });
  stops.push(() => server.stop());
  const { host, port, user } = server;
  env[environmentNames.mariadb] = JSON.stringify({ host, port, user, binDir: tools.binDir });
}

async function findRestic(version: ResticVersion, { env, options }: Start): Promise<void> {
  env[environmentNames.restic(version)] = await ensureRestic(version, options);
}

async function findPromtool({ env, options }: Start): Promise<void> {
  env[environmentNames.promtool] = await ensurePromtool(options);
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new Failure('Internal', reason, { cause: error });
}
