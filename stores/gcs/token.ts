import { GoogleAuth } from 'google-auth-library';
import { Failure } from '../../contracts/failures.ts';
import { resolveSecret } from '../../secrets/resolve.ts';
import type { StoreSettings } from '../settings.ts';

/** Gets a token, from memory or anew when it is about to expire; undefined where none is needed. */
export type TokenSource = () => Promise<string | undefined>;

const scopes = ['https://www.googleapis.com/auth/devstorage.read_write'];

/**
 * How to prove who we are: the settings, GOOGLE_ACCESS_TOKEN, GCP_CREDENTIALS_PATH,
 * GOOGLE_APPLICATION_CREDENTIALS, else the identity of this machine. An emulator wants no proof.
 * @throws {Failure} InvalidConfiguration, SecretUnavailable
 */
export async function tokenSource({ gcs = {}, env }: StoreSettings): Promise<TokenSource> {
  if (gcs.credentials === undefined) {
    const given = env.GOOGLE_ACCESS_TOKEN;
    if (given) return async () => given;
    if (env.STORAGE_EMULATOR_HOST) return async () => undefined;
  }
  const path = env.GCP_CREDENTIALS_PATH || env.GOOGLE_APPLICATION_CREDENTIALS;
  const reference = gcs.credentials ?? (path ? `file:${path}` : undefined);
  const auth = new GoogleAuth({
    scopes,
    ...(reference === undefined ? {} : { credentials: await readCredentials(reference, env) }),
  });
  return async () => (await auth.getAccessToken()) ?? undefined;
}

async function readCredentials(reference: string, env: NodeJS.ProcessEnv): Promise<object> {
  const text = (await resolveSecret(reference, env)).reveal();
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch {
    // The parser's message would repeat a part of the secret.
  }
  throw new Failure('InvalidConfiguration', `The Google credentials of ${reference} are no JSON object.`, {
    advice: 'Use the key file of a service account, as the console of Google Cloud gives it.',
  });
}
