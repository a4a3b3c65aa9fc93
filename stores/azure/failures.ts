import { RestError } from '@azure/storage-blob';
import { Failure, type FailureType } from '../../contracts/failures.ts';

interface Meaning {
  readonly type: FailureType;
  readonly advice?: string;
}

const meanings: Readonly<Record<string, Meaning>> = {
  ContainerNotFound: {
    type: 'RepositoryNotFound',
    advice: 'Create the container, or correct its name in the URL.',
  },
  AuthenticationFailed: {
    type: 'StoreAuthentication',
    advice: 'Check the account key or the SAS, its end, and the clock of this machine.',
  },
  InvalidAuthenticationInfo: { type: 'StoreAuthentication', advice: 'Check the account key or the SAS.' },
  NoAuthenticationInformation: {
    type: 'StoreAuthentication',
    advice: 'Give an account key, a SAS or an identity.',
  },
  AccountIsDisabled: { type: 'StoreAuthentication', advice: 'Enable the storage account.' },
  AuthorizationFailure: { type: 'StoreForbidden' },
  AuthorizationPermissionMismatch: { type: 'StoreForbidden' },
  AuthorizationProtocolMismatch: { type: 'StoreForbidden' },
  InsufficientAccountPermissions: { type: 'StoreForbidden' },
  BlobImmutableDueToPolicy: {
    type: 'StoreForbidden',
    advice: 'An immutability policy protects the blob: it can be removed when its time has passed.',
  },
  ENOTFOUND: { type: 'StoreUnavailable', advice: 'Check the account name, and the name service.' },
  ECONNREFUSED: { type: 'StoreUnavailable', advice: 'Check the endpoint, and that the service runs.' },
};

/** Status code of the HTTP answer, or undefined when there was none. */
export function azureStatus(error: unknown): number | undefined {
  return error instanceof RestError ? error.statusCode : undefined;
}

/** Translates an error of the service or the network. `right` is the SAS permission that the request needs. */
export function azureFailure(error: unknown, right: string, place: string): Failure {
  const code =
    error instanceof RestError && error.code !== undefined
      ? error.code
      : String(azureStatus(error) ?? 'unknown');
  const meaning = meanings[code] ?? byStatus(azureStatus(error));
  const advice =
    meaning.advice ??
    (meaning.type === 'StoreForbidden'
      ? `Grant the right to ${right} to the credentials in use.`
      : undefined);
  return new Failure(meaning.type, `The request to ${right} failed on ${place}: ${code}`, {
    cause: error,
    ...(advice === undefined ? {} : { advice }),
  });
}

function byStatus(status: number | undefined): Meaning {
  if (status === 401) return { type: 'StoreAuthentication' };
  if (status === 403) return { type: 'StoreForbidden' };
  if (status === 507) return { type: 'StorageFull' };
  return { type: 'StoreUnavailable' };
}
