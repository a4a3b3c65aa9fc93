import { Failure } from '../contracts/failures.ts';
import { withGate } from './gated.ts';
import { openLocalStore } from './local.ts';
import { Bandwidth } from './network/limits.ts';
import { withRetry } from './retry.ts';
import type { StoreSettings } from './settings.ts';
import type { Store } from './store.ts';

type Opener = (url: string, settings: StoreSettings) => Promise<Store>;

/** The clients are loaded when they are needed, so that work on a local repository starts fast. */
const openers: Readonly<Record<string, Opener>> = {
  s3: async (url, settings) => {
    const [{ openS3Store }, { parseS3Location }] = await Promise.all([
      import('./s3/store.ts'),
      import('./s3/location.ts'),
    ]);
    return await openS3Store(parseS3Location(url), settings);
  },
  b2: async (url, settings) => {
    const [{ openS3Store }, { b2AsS3 }] = await Promise.all([import('./s3/store.ts'), import('./s3/b2.ts')]);
    const found = await b2AsS3(url, settings);
    return await openS3Store(found.location, found.settings);
  },
  azure: async (url, settings) => {
    const [{ openAzureStore }, { parseAzureLocation }] = await Promise.all([
      import('./azure/store.ts'),
      import('./azure/location.ts'),
    ]);
    return await openAzureStore(parseAzureLocation(url), settings);
  },
  gs: async (url, settings) => {
    const [{ openGcsStore }, { parseGcsLocation }] = await Promise.all([
      import('./gcs/store.ts'),
      import('./gcs/location.ts'),
    ]);
    return await openGcsStore(parseGcsLocation(url), settings);
  },
  sftp: async (url, settings) => {
    const [{ openSftpStore }, { parseSftpLocation }] = await Promise.all([
      import('./sftp/store.ts'),
      import('./sftp/location.ts'),
    ]);
    return openSftpStore(parseSftpLocation(url), settings);
  },
};

/** Schemes of restic that we do not have. */
const otherSchemes = ['rest', 'rclone', 'swift'];

/**
 * Opens the store that a repository URL in restic's writing names; a path, or `local:` and a path, is a folder.
 * Nothing is read or written yet. Requests of the others are tried again, and bounded in number and rate.
 * @throws {Failure} InvalidInput for a kind of store that there is not; InvalidConfiguration, SecretUnavailable
 */
export async function openStore(url: string, settings: StoreSettings = { env: process.env }): Promise<Store> {
  const scheme = /^([a-z0-9]+):/.exec(url)?.[1];
  if (scheme === 'local') return openLocalStore(url.slice('local:'.length));
  const open = scheme !== undefined && Object.hasOwn(openers, scheme) ? openers[scheme] : undefined;
  if (open === undefined) return openFolder(url, scheme);
  const { bandwidth = new Bandwidth(), retry, env } = settings;
  const caFile = settings.caFile ?? (env.RESTIC_CACERT || undefined);
  const store = await open(url, { ...settings, caFile, bandwidth });
  return withRetry(withGate(store, bandwidth.requests), retry === undefined ? {} : { policy: retry });
}

function openFolder(url: string, scheme: string | undefined): Store {
  if (scheme !== undefined && (otherSchemes.includes(scheme) || url.startsWith(`${scheme}://`))) {
    // The rest of the URL is left out: it can hold a password.
    throw new Failure('InvalidInput', `There is no kind of store for a URL that starts with "${scheme}:".`, {
      advice: `Use a path, or a URL that starts with ${Object.keys(openers)
        .map((known) => `${known}:`)
        .join(', ')}.`,
    });
  }
  if (url === '') throw new Failure('InvalidInput', 'The repository URL is empty.');
  return openLocalStore(url);
}
