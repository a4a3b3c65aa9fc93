import { Failure } from '../../contracts/failures.ts';

/** Where a repository lies in Azure Blob Storage; the account comes with the credentials. */
export interface AzureLocation {
  readonly container: string;
  /** Name prefix without slashes at its ends; empty for the whole container. */
  readonly prefix: string;
}

/**
 * Parses a repository URL in restic's notation, `azure:container:/prefix`.
 * @throws {Failure} InvalidConfiguration
 */
export function parseAzureLocation(url: string): AzureLocation {
  const match = /^azure:([^:/]*):(.*)$/.exec(url);
  if (match === null) throw wrongUrl('it has another form');
  const [, container = '', path = ''] = match;
  if (!/^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/.test(container)) {
    throw wrongUrl(
      `"${container}" cannot be a container: 3 to 63 lower-case letters, digits and single dashes`,
    );
  }
  return { container, prefix: path.split('/').filter(Boolean).join('/') };
}

/** The URL itself is left out: what is malformed may hold a password. */
function wrongUrl(why: string): Failure {
  return new Failure('InvalidConfiguration', `The repository URL is wrong: ${why}.`, {
    advice: 'Write it as azure:CONTAINER:/PREFIX.',
  });
}
