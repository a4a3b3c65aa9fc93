import { Client, Connection } from '@temporalio/client';
import { configuredEncryption } from '../codec/configured.ts';
import {
  type TemporalEndpoint,
  type TemporalSettings,
  temporalEndpoint,
  temporalUnavailable,
} from './endpoint.ts';

export { namesTemporalServer, type TemporalSettings } from './endpoint.ts';

/** A connection to Temporal for the use cases of this folder. */
export interface Control {
  readonly client: Client;
  readonly address: string;
  readonly namespace: string;
  /** Id of the key that encrypts what Temporal stores, when one does. */
  readonly encryptionKeyId?: string;
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly settings: TemporalSettings;
  readonly env: NodeJS.ProcessEnv;
  /** How long the server may take to answer. */
  readonly timeoutMs?: number;
}

/**
 * Connects to the server that the configuration names, else the environment or the profile of Temporal's own
 * tools (`TEMPORAL_ADDRESS`, `temporal.toml`), else localhost:7233.
 * @throws {Failure} TemporalUnavailable, InvalidConfiguration, SecretUnavailable
 */
export async function connectControl({ settings, env, timeoutMs = 5000 }: ConnectOptions): Promise<Control> {
  const endpoint = temporalEndpoint(settings, env);
  const { address, namespace } = endpoint;
  const encryption = await configuredEncryption(settings.encryption, env);
  await knock(endpoint, timeoutMs);
  const connection = Connection.lazy(endpoint.connectionOptions);
  return {
    client: new Client({
      connection,
      namespace,
      ...(encryption && { dataConverter: encryption.dataConverter }),
    }),
    address,
    namespace,
    ...(encryption && { encryptionKeyId: encryption.keyId }),
    close: () => connection.close(),
  };
}

/**
 * Asks for the namespace, once: a server that goes away later is waited for, one that never was there is told
 * of at once, and one that does not know the namespace would fail later and say less.
 */
async function knock(endpoint: TemporalEndpoint, timeoutMs: number): Promise<void> {
  // Without the interceptor that tries again.
  const connection = Connection.lazy({ ...endpoint.connectionOptions, interceptors: [] });
  try {
    await connection.withDeadline(Date.now() + timeoutMs, () =>
      connection.workflowService.describeNamespace({ namespace: endpoint.namespace }),
    );
  } catch (error) {
    throw temporalUnavailable(error, endpoint);
  } finally {
    await connection.close();
  }
}
