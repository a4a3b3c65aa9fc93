import { type ClientConnectConfig, loadClientConnectConfig } from '@temporalio/envconfig';
import { Failure } from '../contracts/failures.ts';

/** What the configuration says of the Temporal server. */
export interface TemporalSettings {
  /** "HOST:PORT". */
  readonly address?: string | undefined;
  readonly namespace?: string | undefined;
  /** References to the keys of the payload codec; without it, payloads are stored as they are. */
  readonly encryption?: { readonly key: string; readonly oldKeys: readonly string[] } | undefined;
}

/** Where the Temporal server is, for clients and workers alike. */
export interface TemporalEndpoint {
  /** "HOST:PORT". */
  readonly address: string;
  readonly namespace: string;
  /** TLS, API key and headers of the environment or profile, and the address. */
  readonly connectionOptions: ClientConnectConfig['connectionOptions'] & { readonly address: string };
}

/** NOT_FOUND of https://grpc.io/docs/guides/status-codes/ */
const grpcNotFound = 5;

const defaultAddress = 'localhost:7233';

/** Whether the configuration, the environment or Temporal's own profile names a server. */
export function namesTemporalServer(settings: TemporalSettings, env: NodeJS.ProcessEnv): boolean {
  return settings.address !== undefined || loadProfile(env).connectionOptions.address !== undefined;
}

/**
 * The server that the configuration names, else the environment or the profile of Temporal's own tools
 * (`TEMPORAL_ADDRESS`, `temporal.toml`), else localhost:7233.
 * @throws {Failure} InvalidConfiguration
 */
export function temporalEndpoint(settings: TemporalSettings, env: NodeJS.ProcessEnv): TemporalEndpoint {
  const profile = loadProfile(env);
  const address = settings.address ?? profile.connectionOptions.address ?? defaultAddress;
  return {
    address,
    namespace: settings.namespace ?? profile.namespace ?? 'default',
    connectionOptions: { ...profile.connectionOptions, address },
  };
}

/** Why the server cannot be used, in words that help. */
export function temporalUnavailable(error: unknown, { address, namespace }: TemporalEndpoint): Failure {
  const details = error instanceof Error && 'details' in error ? String(error.details) : '';
  const reason = details || (error instanceof Error ? error.message : String(error));
  // Only clients get the words; what a worker's connection throws has the code alone.
  const isMissing = error instanceof Error && 'code' in error && error.code === grpcNotFound;
  if (isMissing || /namespace .*not found/i.test(reason)) {
    return new Failure('TemporalUnavailable', `Temporal at ${address} has no namespace ${namespace}`, {
      advice: `Create it with \`temporal operator namespace create ${namespace}\`, or correct \`temporal.namespace\`.`,
      cause: error,
    });
  }
  return new Failure('TemporalUnavailable', `Cannot reach Temporal at ${address}: ${plainReason(reason)}`, {
    cause: error,
  });
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

/** gRPC names each connection that it tried; the first cause is what helps. */
function plainReason(reason: string): string {
  if (/ECONNREFUSED|connection refused/i.test(reason)) return 'the connection was refused';
  if (/ENOTFOUND|Name resolution failed|failed to lookup address/i.test(reason)) {
    return 'the host name is not known';
  }
  if (/deadline/i.test(reason)) return 'no answer in time';
  return reason;
}
