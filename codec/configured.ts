import type { DataConverter } from '@temporalio/common';
import { resolveSecret } from '../secrets/resolve.ts';
import { encryptTemporal } from './data-converter.ts';

/** References to keys, as the configuration has them. */
export interface EncryptionSettings {
  readonly key: string;
  readonly oldKeys: readonly string[];
}

/**
 * The data converter that the configuration asks for; undefined when it asks for none.
 * @throws {Failure} SecretUnavailable, InvalidConfiguration
 */
export async function configuredDataConverter(
  settings: EncryptionSettings | undefined,
  env: NodeJS.ProcessEnv,
): Promise<DataConverter | undefined> {
  if (settings === undefined) return undefined;
  const oldKeys = await Promise.all(settings.oldKeys.map((reference) => resolveSecret(reference, env)));
  return encryptTemporal(await resolveSecret(settings.key, env), oldKeys).dataConverter;
}
