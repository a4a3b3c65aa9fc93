import { Failure } from '../contracts/failures.ts';
import { openLocalStore } from './local.ts';
import type { Store } from './store.ts';

const otherSchemes = ['s3', 'azure', 'gs', 'sftp', 'b2', 'rest', 'rclone', 'swift'];

/**
 * Opens the store that a repository URL in restic's writing names; a path, or `local:` and a path, is a folder.
 * Nothing is read or written yet.
 * @throws {Failure} InvalidInput for a kind of store that there is not
 */
export function openStore(url: string): Store {
  const scheme = /^([a-z0-9]+):/.exec(url)?.[1];
  if (scheme === 'local') return openLocalStore(url.slice('local:'.length));
  if (scheme !== undefined && otherSchemes.includes(scheme)) {
    // The rest of the URL is left out: it can hold a password.
    throw new Failure(
      'InvalidInput',
      `A repository URL that starts with "${scheme}:" is not supported yet.`,
      {
        advice: 'Use the path of a folder on this machine.',
      },
    );
  }
  if (url === '') throw new Failure('InvalidInput', 'The repository URL is empty.');
  return openLocalStore(url);
}
