import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import type { Secret } from '../secrets/secret.ts';
import { createKeyring } from './keyring.ts';
import { EncryptionCodec } from './payload-codec.ts';

export interface EncryptedTemporal {
  /** For every client and every worker of the namespace. */
  readonly dataConverter: DataConverter;
  /** Id of the key that encrypts, for schedules/mapping.ts. */
  readonly keyId: string;
}

/**
 * Encrypts what Temporal stores, failure messages included. Ids, types, queues and search attributes stay
 * readable: the server needs them.
 * @param key - base64 of at least 32 random bytes
 * @param oldKeys - keys of earlier times, for runs that began with them
 * @throws {Failure} InvalidConfiguration
 */
export function encryptTemporal(key: Secret, oldKeys: readonly Secret[] = []): EncryptedTemporal {
  const keyring = createKeyring([key, ...oldKeys]);
  return {
    dataConverter: {
      payloadCodecs: [new EncryptionCodec(keyring)],
      failureConverterPath: fileURLToPath(import.meta.resolve('./failure-converter.ts')),
    },
    keyId: keyring.current.id,
  };
}
