import { Client, Connection } from '@temporalio/client';
import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import { Failure } from '../contracts/failures.ts';

/** What the configuration says of the Temporal server. */
export interface TemporalSettings {
  /** "HOST:PORT". */
  readonly address?: string | undefined;
  readonly namespace?: string | undefined;
}

/** A connection to Temporal for the use cases of this folder. */
export interface Control {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly settings: TemporalSettings;
  readonly env: NodeJS.ProcessEnv;
  /** How long the server may take to answer. */
  readonly timeoutMs?: number;
}

const defaultAddress = 'localhost:7233';

/** Whether the configuration, the environment or Temporal's own profile names a server. */
export function namesTemporalServer(settings: TemporalSettings, env: NodeJS.ProcessEnv): boolean {
  return settings.address !== undefined || loadProfile(env).connectionOptions.address !== undefined;
}

/**
 * Connects to the server that the configuration names, else the environment or the profile of Temporal's own
 * tools (`TEMPORAL_ADDRESS`, `temporal.toml`), else localhost:7233.
 * @throws {Failure} TemporalUnavailable, InvalidConfiguration
 */
export async function connectControl({ settings, env, timeoutMs = 5000 }: ConnectOptions): Promise<Control> {
  const profile = loadProfile(env);
  const address = settings.address ?? profile.connectionOptions.address ?? defaultAddress;
  const namespace = settings.namespace ?? profile.namespace ?? 'default';
  const connection = Connection.lazy({ ...profile.connectionOptions, address });
  try {
    // Asks for the namespace, because a server that knows it not would fail later and say less.
    await connection.withDeadline(Date.now() + timeoutMs, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    await connection.close();
    throw unavailable(error, address, namespace);
  }
  return {
    client: new Client({ connection, namespace }),
    address,
    namespace,
    close: () => connection.close(),
  };
}

function loadProfile(env: NodeJS.ProcessEnv): ClientConnectConfig {
  const set = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  try {
    return loadClientConnectConfig({ overrideEnvVars: Object.fromEntries(set) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure('InvalidConfiguration', `Cannot read Temporal's own configuration: ${reason}`, {
      advice: 'Correct the variables TEMPORAL_…, or the file that TEMPORAL_CONFIG_FILE names.',
      cause: error,
    });
  }
}

function unavailable(error: unknown, address: string, namespace: string): Failure {
  const details = error instanceof Error && 'details' in error ? String(error.details) : undefined;
  const reason = details ?? (error instanceof Error ? error.message : String(error));
  if (/namespace .*not found/i.test(reason)) {
    return new Failure('TemporalUnavailable', `Temporal at ${address} has no namespace ${namespace}`, {
      advice: `Create it with \`temporal operator namespace create ${namespace}\`, or correct \`temporal.namespace\`.`,
      cause: error,
    });
  }
  return new Failure('TemporalUnavailable', `Cannot reach Temporal at ${address}: ${plainReason(reason)}`, {
    cause: error,
  });
}

/** gRPC names each connection that it tried; the first cause is what helps. */
function plainReason(reason: string): string {
  if (/ECONNREFUSED/.test(reason)) return 'the connection was refused';
  if (/ENOTFOUND|Name resolution failed/i.test(reason)) return 'the host name is not known';
  if (/deadline/i.test(reason)) return 'no answer in time';
  return reason;
}
