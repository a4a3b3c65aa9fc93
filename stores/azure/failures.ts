import { RestError } from '@azure/storage-blob';
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

/** Codes of the Blob service. */
const serviceTroubles: Readonly<Record<string, Trouble>> = {
  ContainerNotFound: 'no-container',
  ContainerBeingDeleted: 'busy',
  AuthenticationFailed: 'wrong-credentials',
  InvalidAuthenticationInfo: 'wrong-credentials',
  NoAuthenticationInformation: 'no-credentials',
  CredentialUnavailableError: 'no-credentials',
  AuthenticationRequiredError: 'no-credentials',
  AggregateAuthenticationError: 'no-credentials',
  AccountIsDisabled: 'forbidden',
  AuthorizationFailure: 'forbidden',
  AuthorizationPermissionMismatch: 'forbidden',
  AuthorizationProtocolMismatch: 'forbidden',
  AuthorizationResourceTypeMismatch: 'forbidden',
  AuthorizationServiceMismatch: 'forbidden',
  InsufficientAccountPermissions: 'forbidden',
  PublicAccessNotPermitted: 'no-credentials',
  BlobImmutableDueToPolicy: 'locked',
  BlobArchived: 'archived',
  BlobBeingRehydrated: 'archived',
  Md5Mismatch: 'garbled',
  Crc64Mismatch: 'garbled',
  ServerBusy: 'busy',
  InternalError: 'busy',
  OperationTimedOut: 'busy',
  AccountBeingCreated: 'busy',
};

const advices: Readonly<Record<string, string>> = {
  AccountIsDisabled: 'Enable the storage account.',
  AuthenticationFailed: 'Check the account key or the SAS, when it ends, and the clock of this machine.',
};

/** Translates an error of the service, the network or TLS; an abort is thrown as the signal has it. */
export function azureFailure(error: unknown, { action, place, signal }: SdkRequest): unknown {
  if (signal?.aborted) return signal.reason;
  if (isFailure(error)) return error;
  const service = azureCode(error);
  const status = azureStatus(error);
  const network = codeOf(error);
  const trouble =
    special(error, service) ??
    serviceTroubles[service] ??
    (network === undefined ? undefined : networkTrouble(network)) ??
    statusTrouble(status);
  return new StoreFailure(trouble, {
    action: `The request to ${action}`,
    place,
    code: status === undefined ? service : `${service}, HTTP ${status}`,
    advice:
      trouble === 'forbidden'
        ? (advices[service] ?? `Grant the right to ${action} to the credentials in use.`)
        : trouble === 'wrong-credentials'
          ? advices[service]
          : undefined,
    retryAfterMs: retryAfterMs(header(error, 'retry-after')),
    cause: error,
  });
}

/** The service has one code for a wrong key, an old SAS and a wrong clock, and tells them apart in its text. */
function special(error: unknown, code: string): Trouble | undefined {
  if (code !== 'AuthenticationFailed' && code !== 'AuthorizationFailure') return undefined;
  const text = error instanceof RestError ? `${error.message} ${JSON.stringify(error.details ?? '')}` : '';
  if (/Request date header too old|not within the (allowed|acceptable)/i.test(text)) return 'clock';
  if (/Signature not valid in the specified time frame|Signed expiry time/i.test(text)) {
    return 'expired-credentials';
  }
  return undefined;
}

/** Status code of the HTTP answer, or undefined when there was none. */
export function azureStatus(error: unknown): number | undefined {
  return error instanceof RestError ? error.statusCode : undefined;
}

/** Code of the service, the network or the SDK. */
export function azureCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  // An answer to HEAD has no body, and its code stands in a header alone.
  const inHeader = header(error, 'x-ms-error-code');
  if (inHeader !== undefined) return inHeader;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

function header(error: unknown, name: string): string | undefined {
  return error instanceof RestError ? error.response?.headers.get(name) : undefined;
}
