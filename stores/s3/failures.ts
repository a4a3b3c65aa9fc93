import { Failure, type FailureType } from '../../contracts/failures.ts';
import type { S3Location } from './location.ts';

interface Meaning {
  readonly type: FailureType;
  readonly advice?: string;
}

const serviceMeanings: Readonly<Record<string, Meaning>> = {
  NoSuchBucket: { type: 'RepositoryNotFound', advice: 'Create the bucket, or correct its name in the URL.' },
  InvalidAccessKeyId: {
    type: 'StoreAuthentication',
    advice: 'The access key is unknown there: check AWS_ACCESS_KEY_ID.',
  },
  SignatureDoesNotMatch: {
    type: 'StoreAuthentication',
    advice: 'The secret key is wrong: check AWS_SECRET_ACCESS_KEY.',
  },
  InvalidToken: {
    type: 'StoreAuthentication',
    advice: 'The session token is wrong: renew the temporary credentials.',
  },
  ExpiredToken: {
    type: 'StoreAuthentication',
    advice: 'The temporary credentials have expired: renew them.',
  },
  CredentialsProviderError: {
    type: 'StoreAuthentication',
    advice: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a profile or role.',
  },
  RequestTimeTooSkewed: {
    type: 'StoreAuthentication',
    advice: 'Set the clock of this machine: it differs from the service by more than 15 minutes.',
  },
  AccessDenied: { type: 'StoreForbidden' },
  AllAccessDisabled: { type: 'StoreForbidden' },
  AuthorizationHeaderMalformed: {
    type: 'InvalidConfiguration',
    advice: 'Set AWS_REGION to the region of the bucket.',
  },
  PermanentRedirect: { type: 'InvalidConfiguration', advice: 'Set AWS_REGION to the region of the bucket.' },
  XMinioStorageFull: { type: 'StorageFull' },
  QuotaExceeded: { type: 'StorageFull', advice: 'Raise the quota of the bucket, or remove old snapshots.' },
};

const networkMeanings: Readonly<Record<string, Meaning>> = {
  ENOTFOUND: {
    type: 'StoreUnavailable',
    advice: 'Check the host name in the repository URL, and the name service.',
  },
  ECONNREFUSED: {
    type: 'StoreUnavailable',
    advice: 'Check host and port in the repository URL, and that the service runs.',
  },
};

const certificateCodes = /^(CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS|EPROTO|ERR_SSL)/;

/** The name of a service's or a network's error, for telling them apart. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.name;
}

/** Status code of the HTTP answer, or undefined when there was none. */
export function httpStatus(error: unknown): number | undefined {
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

/**
 * Translates an error of the service, the network or TLS. `action` is the right that the request needs, such
 * as `s3:PutObject`.
 */
export function s3Failure(error: unknown, action: string, location: S3Location): Failure {
  const code = errorCode(error);
  const where = `bucket ${location.bucket} at ${location.endpoint}`;
  const meaning = meaningOf(code, httpStatus(error));
  const advice =
    meaning.type === 'StoreForbidden'
      ? `Grant ${action} on the bucket to the credentials in use.`
      : meaning.advice;
  return new Failure(meaning.type, `${action} failed on ${where}: ${code}${detail(error)}`, {
    cause: error,
    ...(advice === undefined ? {} : { advice }),
  });
}

function meaningOf(code: string, status: number | undefined): Meaning {
  const known = serviceMeanings[code] ?? networkMeanings[code];
  if (known !== undefined) return known;
  if (certificateCodes.test(code)) {
    return {
      type: 'InvalidConfiguration',
      advice: 'Check the certificate of the service; name its authority in NODE_EXTRA_CA_CERTS.',
    };
  }
  if (status === 403) return { type: 'StoreForbidden' };
  if (status === 401) return { type: 'StoreAuthentication' };
  if (status === 507) return { type: 'StorageFull' };
  return { type: 'StoreUnavailable' };
}

function detail(error: unknown): string {
  if (!(error instanceof Error) || error.message === '' || error.message === errorCode(error)) return '';
  return ` (${error.message})`;
}
