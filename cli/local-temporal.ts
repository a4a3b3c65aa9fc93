import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Configuration } from '../configuration/load.ts';
import { namesTemporalServer } from '../control/endpoint.ts';

/**
 * How the commands of this machine find the Temporal server that `resguardo up` started, on whatever port:
 * `up` leaves its address in the state folder. An address that is configured always wins.
 */

export async function temporalSettings(
  configuration: Configuration,
  env: NodeJS.ProcessEnv,
): Promise<Configuration['temporal']> {
  const settings = configuration.temporal;
  if (namesTemporalServer(settings, env)) return settings;
  const address = await readFile(addressFile(configuration), 'utf8').catch(() => undefined);
  return address === undefined ? settings : { ...settings, address: address.trim() };
}

export async function leaveAddress(configuration: Configuration, address: string): Promise<void> {
  await mkdir(configuration.stateDir, { recursive: true, mode: 0o700 });
  await writeFile(addressFile(configuration), `${address}\n`, { mode: 0o600 });
}

export async function removeAddress(configuration: Configuration): Promise<void> {
  await rm(addressFile(configuration), { force: true });
}

function addressFile({ stateDir }: Configuration): string {
  return join(stateDir, 'temporal.address');
}
