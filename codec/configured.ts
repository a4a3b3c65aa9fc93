import type { DataConverter } from '@temporalio/common';
import { resolveSecret } from '../secrets/resolve.ts';
import { type EncryptedTemporal, encryptTemporal } from './data-converter.ts';

/** References to keys, as the configuration has them. */
export interface EncryptionSettings {
  readonly key: string;
  readonly oldKeys: readonly string[];
}

/**
 * The encryption that the configuration asks for; undefined when it asks for none.
 * @throws {Failure} SecretUnavailable, InvalidConfiguration
 */
export async function configuredEncryption(
  settings: EncryptionSettings | undefined,
  env: NodeJS.ProcessEnv,
): Promise<EncryptedTemporal | undefined> {
  if (settings === undefined) return undefined;
  const oldKeys = await Promise.all(settings.oldKeys.map((reference) => resolveSecret(reference, env)));
  return encryptTemporal(await resolveSecret(settings.key, env), oldKeys);
}

/** The data converter of that encryption. */
export async function configuredDataConverter(
  settings: EncryptionSettings | undefined,
  env: NodeJS.ProcessEnv,
): Promise<DataConverter | undefined> {
  return (await configuredEncryption(settings, env))?.dataConverter;
}
