import { Client, Connection } from '@temporalio/client';
import { configuredEncryption } from '../codec/configured.ts';
import { type TemporalSettings, temporalEndpoint, temporalUnavailable } from './endpoint.ts';

export { namesTemporalServer, type TemporalSettings } from './endpoint.ts';

/** A connection to Temporal for the use cases of this folder. */
export interface Control {
  readonly client: Client;
  /**
   * For calls that wait long and may be given up. It does not try again by itself: the SDK's way to do so
   * cannot be interrupted, and ends the process if its connection is closed meanwhile (1.24).
   */
  readonly watcher: Client;
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
  const impatient = Connection.lazy({ ...endpoint.connectionOptions, interceptors: [] });
  try {
    // A server that goes away later is waited for, one that never was there is told of at once, and one that
    // does not know the namespace would fail later and say less.
    await impatient.withDeadline(Date.now() + timeoutMs, () =>
      impatient.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    await impatient.close();
    throw temporalUnavailable(error, endpoint);
  }
  const connection = Connection.lazy(endpoint.connectionOptions);
  const options = { namespace, ...(encryption && { dataConverter: encryption.dataConverter }) };
  return {
    client: new Client({ ...options, connection }),
    watcher: new Client({ ...options, connection: impatient }),
    address,
    namespace,
    ...(encryption && { encryptionKeyId: encryption.keyId }),
    close: async () => {
      await connection.close();
      await impatient.close();
    },
  };
}
