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
import { identityTrouble } from './identity-failures.ts';

/** Codes of the Blob service. */
const serviceTroubles: Readonly<Record<string, Trouble>> = {
  ContainerNotFound: 'no-container',
  ContainerBeingDeleted: 'busy',
  AuthenticationFailed: 'wrong-credentials',
  InvalidAuthenticationInfo: 'wrong-credentials',
  NoAuthenticationInformation: 'no-credentials',
  AccountIsDisabled: 'forbidden',
  AuthorizationFailure: 'forbidden',
  AuthorizationPermissionMismatch: 'forbidden',
  AuthorizationProtocolMismatch: 'forbidden',
  AuthorizationResourceTypeMismatch: 'forbidden',
  AuthorizationServiceMismatch: 'forbidden',
  InsufficientAccountPermissions: 'forbidden',
  PublicAccessNotPermitted: 'no-credentials',
  BlobImmutableDueToPolicy: 'locked',
  BlobImmutableDueToLegalHold: 'locked',
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
  AuthorizationFailure:
    'Check the account key, or what the SAS is for, and the firewall of the storage account (Networking).',
};

/** The host is not in the URL of the repository. */
const addressAdvice =
  'Check AZURE_ACCOUNT_NAME, azure.account, azure.endpoint or the connection string, and the name service and network of this machine.';

/** For requests that a token of an identity proves. */
const tokenAdvices: readonly (readonly [RegExp, string])[] = [
  [
    /audience/i,
    'The token is for another service than Azure Storage: look who answers at IDENTITY_ENDPOINT or AZURE_POD_IDENTITY_AUTHORITY_HOST.',
  ],
  [
    /issuer/i,
    'The identity belongs to another tenant than the storage account: set AZURE_TENANT_ID, or azure.tenantId.',
  ],
  [
    /PermissionMismatch/,
    'Give the identity the role Storage Blob Data Contributor on the storage account or the container: Owner and Contributor do not open blobs. It counts some ten minutes later.',
  ],
  [/lifetime|expired/i, 'Check the clock of this machine, and of the service that gives tokens.'],
];

/** Translates an error of the service, the network or TLS; an abort is thrown as the signal has it. */
export function azureFailure(error: unknown, { action, place, signal }: SdkRequest): unknown {
  if (signal?.aborted) return signal.reason;
  if (isFailure(error)) return error;
  const identity = identityTrouble(error);
  if (identity !== undefined) {
    const { trouble, ...details } = identity;
    return new StoreFailure(trouble, { ...details, action: `The request to ${action}`, place, cause: error });
  }
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
    advice: adviceFor(error, { trouble, service, action }),
    retryAfterMs: retryAfterMs(header(error, 'retry-after')),
    cause: error,
  });
}

interface Found {
  readonly trouble: Trouble;
  readonly service: string;
  readonly action: string;
}

function adviceFor(error: unknown, { trouble, service, action }: Found): string | undefined {
  if (isByToken(error)) {
    const text = `${service} ${textOf(error)}`;
    const advice = tokenAdvices.find(([pattern]) => pattern.test(text))?.[1];
    if (advice !== undefined) return advice;
  }
  if (trouble === 'unknown-host' || trouble === 'refused') return addressAdvice;
  if (trouble === 'forbidden')
    return advices[service] ?? `Grant the right to ${action} to the credentials in use.`;
  return trouble === 'wrong-credentials' ? advices[service] : undefined;
}

function isByToken(error: unknown): boolean {
  const authorization = error instanceof RestError ? error.request?.headers.get('authorization') : undefined;
  return authorization?.startsWith('Bearer ') ?? false;
}

/** What the service says, with its details. */
function textOf(error: unknown): string {
  return error instanceof RestError ? `${error.message} ${JSON.stringify(error.details ?? '')}` : '';
}

/** The service has one code for a wrong key, an old SAS and a wrong clock, and tells them apart in its text. */
function special(error: unknown, code: string): Trouble | undefined {
  if (!['AuthenticationFailed', 'AuthorizationFailure', 'InvalidAuthenticationInfo'].includes(code))
    return undefined;
  if (isOldSignature(error)) return 'expired-credentials';
  const text = textOf(error);
  if (/Request date header too old|not within the (allowed|acceptable)/i.test(text)) return 'clock';
  if (/Signature not valid in the specified time frame|Signed expiry time|Lifetime validation/i.test(text)) {
    return 'expired-credentials';
  }
  return undefined;
}

/** A shared access signature tells its own end, in the field `se`. */
function isOldSignature(error: unknown): boolean {
  const url = error instanceof RestError ? error.request?.url : undefined;
  const end = url === undefined ? null : new URL(url).searchParams.get('se');
  return end !== null && Date.parse(end) < Date.now();
}

/** Whether there is no such blob, in a container that there is. */
export function isMissingBlob(error: unknown): boolean {
  return azureStatus(error) === 404 && azureCode(error) !== 'ContainerNotFound';
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
