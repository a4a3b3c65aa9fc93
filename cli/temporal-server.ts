import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Configuration } from '../configuration/load.ts';
import { Failure, isFailure } from '../contracts/failures.ts';
import { connectControl, namesTemporalServer } from '../control/client.ts';
import { ensureTemporal } from '../tools/temporal.ts';
import { startTemporalServer, type TemporalServer } from '../tools/temporal-server.ts';
import type { CommandContext } from './context.ts';
import { leaveAddress, removeAddress, temporalSettings } from './local-temporal.ts';

export interface TemporalPorts {
  readonly port?: number;
  readonly uiPort?: number;
}

/** The port that every Temporal tool looks at first, and that of its Web UI. */
const usualPorts = { port: 7233, uiPort: 8233 };

/**
 * Starts a Temporal server for this machine, with its data in the state folder; undefined if the
 * configuration or the environment names a server.
 * @throws {Failure} AlreadyRunning, ToolMissing, ToolFailed
 */
export async function startLocalTemporal(
  { env, output, signal }: CommandContext,
  configuration: Configuration,
  ports: TemporalPorts,
): Promise<TemporalServer | undefined> {
  if (namesTemporalServer(configuration.temporal, env)) return undefined;
  await refuseSecond(configuration, env);
  const executable = await ensureTemporal({ signal, onNotice: (notice) => output.note(notice) });
  await mkdir(configuration.stateDir, { recursive: true, mode: 0o700 });
  const dbFilename = join(configuration.stateDir, 'temporal.db');
  const server = await startOnPorts(ports, {
    executable,
    dbFilename,
    namespace: configuration.temporal.namespace ?? 'default',
    signal,
  });
  await keepToOwner(dbFilename);
  await leaveAddress(configuration, server.address);
  const stop = async (): Promise<void> => {
    await removeAddress(configuration);
    await server.stop();
  };
  return { ...server, stop };
}

/** The server makes it readable for all, and would not take an empty file that is not. */
async function keepToOwner(file: string): Promise<void> {
  for (const part of [file, `${file}-wal`, `${file}-shm`]) {
    await chmod(part, 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

/** Two servers on one file of data would damage it. */
async function refuseSecond(configuration: Configuration, env: NodeJS.ProcessEnv): Promise<void> {
  const settings = await temporalSettings(configuration, env);
  if (settings.address === undefined) return;
  const control = await connectControl({ settings, env, timeoutMs: 2000 }).catch(() => undefined);
  if (control === undefined) return;
  await control.close();
  throw new Failure(
    'AlreadyRunning',
    `\`resguardo up\` is running already: Temporal answers at ${control.address}`,
    {
      advice: 'Use that one, or stop it first.',
    },
  );
}

type ServerOptions = Omit<Parameters<typeof startTemporalServer>[0], 'port' | 'uiPort'>;

/** Ports that were asked for are taken or refused; of the usual ones another will do. */
async function startOnPorts(ports: TemporalPorts, options: ServerOptions): Promise<TemporalServer> {
  const isChosen = ports.port !== undefined || ports.uiPort !== undefined;
  try {
    return await startTemporalServer({ ...options, ...usualPorts, ...ports });
  } catch (error) {
    if (isChosen || !isFailure(error, 'ToolFailed') || !/\bPort \d+ .* cannot be used/.test(error.message))
      throw error;
    return startTemporalServer(options);
  }
}
