import { mkdir } from 'node:fs/promises';
import { Failure, isFailure } from '../contracts/failures.ts';
import { Secret } from '../secrets/secret.ts';
import { ensurePostgres, type PostgresMajor, type PostgresTools } from '../tools/postgres.ts';
import { startPostgres } from '../tools/postgres-server.ts';
import { ensureTemporal } from '../tools/temporal.ts';
import { startTemporalServer, type TemporalServer } from '../tools/temporal-server.ts';
import type { Place } from './place.ts';

export interface Notices {
  readonly signal: AbortSignal;
  readonly onNotice: (notice: string) => void;
}

/** A PostgreSQL server that the demo may make databases in. */
export interface DemoPostgres {
  readonly url: Secret;
  readonly description: string;
  /** Folder of client programs that fit the server; undefined where the machine's own have to. */
  readonly binDir?: string;
  /** Stops the server if the demo started it. */
  stop(): Promise<void>;
}

/** Temporal's own ports, so that addresses stay the same from run to run; others if these are taken. */
const usualPorts = { port: 7233, uiPort: 8233 };

export async function startDemoTemporal(
  place: Place,
  { signal, onNotice }: Notices,
): Promise<TemporalServer> {
  const executable = await ensureTemporal({ signal, onNotice });
  const options = { executable, dbFilename: place.temporalFile, signal };
  try {
    return await startTemporalServer({ ...options, ...usualPorts });
  } catch (error) {
    signal.throwIfAborted();
    if (!isFailure(error)) throw error;
    return await startTemporalServer(options);
  }
}

/**
 * The server that RESGUARDO_DEMO_POSTGRES names (a URL whose user may create databases), else one of our own:
 * the newest that the machine has, else a downloaded one.
 */
export async function startDemoPostgres(
  place: Place,
  env: NodeJS.ProcessEnv,
  { signal, onNotice }: Notices,
): Promise<DemoPostgres> {
  const given = env.RESGUARDO_DEMO_POSTGRES;
  if (given)
    return {
      url: new Secret(given),
      description: 'the PostgreSQL of RESGUARDO_DEMO_POSTGRES',
      stop: async () => {},
    };
  const { tools, major } = await findPostgres({ signal, onNotice });
  await mkdir(place.postgresFolder, { recursive: true, mode: 0o755 });
  // A folder for each major version: a cluster is not read by another one.
  const dataDir = `${place.postgresFolder}/${major}`;
  const server = await startPostgres({ binDir: tools.binDir, dataDir, signal });
  return {
    url: server.url,
    description: `PostgreSQL ${tools.version}, started by the demo`,
    binDir: tools.binDir,
    stop: () => server.stop(),
  };
}

async function findPostgres(notices: Notices): Promise<{ tools: PostgresTools; major: PostgresMajor }> {
  const failures: Failure[] = [];
  for (const major of [17, 15] as const) {
    try {
      return { tools: await ensurePostgres(major, notices), major };
    } catch (error) {
      notices.signal.throwIfAborted();
      if (!isFailure(error, 'ToolMissing')) throw error;
      failures.push(error);
    }
  }
  throw failures[0] ?? new Failure('ToolMissing', 'There is no PostgreSQL');
}
