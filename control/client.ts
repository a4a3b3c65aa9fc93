import { Client, Connection } from '@temporalio/client';
import { configuredEncryption } from '../codec/configured.ts';
import { type TemporalSettings, temporalEndpoint, temporalUnavailable } from './endpoint.ts';

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
  const connection = Connection.lazy(endpoint.connectionOptions);
  try {
    // Asks for the namespace, because a server that knows it not would fail later and say less.
    await connection.withDeadline(Date.now() + timeoutMs, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } catch (error) {
    await connection.close();
    throw temporalUnavailable(error, endpoint);
  }
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
