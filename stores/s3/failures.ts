import { isFailure } from '../../contracts/failures.ts';
import type { SdkRequest } from '../network/sdk-request.ts';
import {
  codeOf,
  networkTrouble,
  retryAfterMs,
  StoreFailure,
  statusTrouble,
  type Trouble,
} from '../trouble.ts';

/** Codes of S3 and of services that speak like it. */
const serviceTroubles: Readonly<Record<string, Trouble>> = {
  NoSuchBucket: 'no-container',
  InvalidAccessKeyId: 'wrong-credentials',
  SignatureDoesNotMatch: 'wrong-credentials',
  InvalidToken: 'wrong-credentials',
  InvalidTokenId: 'wrong-credentials',
  ExpiredToken: 'expired-credentials',
  TokenRefreshRequired: 'expired-credentials',
  RequestExpired: 'clock',
  RequestTimeTooSkewed: 'clock',
  CredentialsProviderError: 'no-credentials',
  AccessDenied: 'forbidden',
  AllAccessDisabled: 'forbidden',
  AuthorizationHeaderMalformed: 'wrong-region',
  IllegalLocationConstraintException: 'wrong-region',
  PermanentRedirect: 'wrong-region',
  XMinioStorageFull: 'full',
  XMinioAdminBucketQuotaExceeded: 'full',
  QuotaExceeded: 'full',
  ObjectLocked: 'locked',
  InvalidObjectState: 'archived',
  BadDigest: 'garbled',
  XAmzContentSHA256Mismatch: 'garbled',
  InvalidDigest: 'garbled',
  IncompleteBody: 'interrupted',
  RequestTimeout: 'stalled',
  SlowDown: 'busy',
  Throttling: 'busy',
  InternalError: 'busy',
  ServiceUnavailable: 'busy',
  ConditionalRequestConflict: 'busy',
  OperationAborted: 'busy',
};

/** Mends that S3 alone has. */
const advices: Readonly<Record<string, string>> = {
  InvalidAccessKeyId:
    'The access key is unknown there: check AWS_ACCESS_KEY_ID, or s3.accessKeyId of the repository.',
  SignatureDoesNotMatch:
    'The secret key is wrong: check AWS_SECRET_ACCESS_KEY, or s3.secretAccessKey of the repository.',
  InvalidToken: 'The session token is wrong: renew the temporary credentials.',
  CredentialsProviderError:
    'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give this machine a profile or role.',
};

/** Translates an error of the service, the network or TLS; an abort is thrown as the signal has it. */
export function s3Failure(error: unknown, { action, place, signal }: SdkRequest): unknown {
  if (signal?.aborted) return signal.reason;
  if (isFailure(error)) return error;
  const name = error instanceof Error ? error.name : 'unknown';
  const status = httpStatus(error);
  const network = codeOf(error);
  const trouble =
    serviceTroubles[name] ??
    (network === undefined ? undefined : networkTrouble(network)) ??
    (isChecksumError(error) ? 'garbled' : undefined) ??
    statusTrouble(status);
  const code = serviceTroubles[name] === undefined && status === undefined ? (network ?? name) : name;
  const wait = retryAfterMs(header(error, 'retry-after'));
  return new StoreFailure(trouble, {
    action,
    place,
    code: status === undefined ? code : `${code}, HTTP ${status}`,
    advice: adviceFor(trouble, { action, name, region: regionOf(error) }),
    retryAfterMs: wait,
    cause: error,
  });
}

function adviceFor(
  trouble: Trouble,
  {
    action,
    name,
    region,
  }: { readonly action: string; readonly name: string; readonly region: string | undefined },
): string | undefined {
  if (trouble === 'forbidden') return `Grant ${action} on the bucket to the credentials in use.`;
  if (trouble === 'wrong-region' && region !== undefined)
    return `Set AWS_REGION, or s3.region of the repository, to ${region}.`;
  return advices[name];
}

/** The region that the service says it is, or the bucket is in. */
function regionOf(error: unknown): string | undefined {
  const region = field(error, 'Region') ?? header(error, 'x-amz-bucket-region');
  return typeof region === 'string' && /^[a-z0-9-]{1,40}$/.test(region) ? region : undefined;
}

/** Status code of the HTTP answer, or undefined when there was none. */
export function httpStatus(error: unknown): number | undefined {
  const metadata = field(error, '$metadata');
  const status = field(metadata, 'httpStatusCode') ?? field(field(error, '$response'), 'statusCode');
  return typeof status === 'number' ? status : undefined;
}

/** Whether there is no such object, in a bucket that there is. */
export function isMissingObject(error: unknown): boolean {
  return httpStatus(error) === 404 && !(error instanceof Error && error.name === 'NoSuchBucket');
}

function header(error: unknown, name: string): string | undefined {
  const value = field(field(field(error, '$response'), 'headers'), name);
  return typeof value === 'string' ? value : undefined;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined;
}

/** What the SDK throws when the checksum of an answer is not that of its bytes. */
function isChecksumError(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('Checksum mismatch');
}
