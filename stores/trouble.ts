import { Failure, type FailureType } from '../contracts/failures.ts';
import { FileLocked } from './store.ts';

interface Meaning {
  readonly type: FailureType;
  /** Why the request failed, for people. */
  readonly reason: string;
  /** What a person does now; a store may know better. */
  readonly advice: string;
  /** Whether the same request may succeed within seconds, so that the store tries it again by itself. */
  readonly passes: boolean;
}

/**
 * The one table of what can go wrong between a store and its service. Each store maps the codes of its service
 * to a trouble; type, wording and whether trying again helps follow from here.
 */
export const troubles = {
  refused: {
    type: 'StoreUnavailable',
    reason: 'nobody answers at that address',
    advice: 'Check host and port in the repository URL, and that the service runs.',
    passes: true,
  },
  'unknown-host': {
    type: 'StoreUnavailable',
    reason: 'the name of the host is unknown',
    advice: 'Check the host in the repository URL, and the name service of this machine.',
    passes: false,
  },
  unreachable: {
    type: 'StoreUnavailable',
    reason: 'the network does not reach it',
    advice: 'Check the network between this machine and the service.',
    passes: true,
  },
  interrupted: {
    type: 'StoreUnavailable',
    reason: 'the connection was cut',
    advice: 'Check the network between this machine and the service.',
    passes: true,
  },
  stalled: {
    type: 'StoreUnavailable',
    reason: 'no byte came or went for too long',
    advice: 'Check the network between this machine and the service, and its load.',
    passes: true,
  },
  busy: {
    type: 'StoreUnavailable',
    reason: 'the service is overloaded or has a fault of its own',
    advice:
      'Wait, or look at the status page of the service; fewer connections can help: limits.connections.',
    passes: true,
  },
  garbled: {
    type: 'StoreUnavailable',
    reason: 'the bytes were changed on the way, or the answer cannot be understood',
    advice: 'Check proxies between this machine and the service, and the memory of this machine.',
    passes: true,
  },
  'no-container': {
    type: 'RepositoryNotFound',
    reason: 'the bucket, container or folder does not exist',
    advice: 'Create it, or correct its name in the repository URL.',
    passes: false,
  },
  'no-token': {
    type: 'StoreUnavailable',
    reason: 'the service that proves who we are gives no token',
    advice: 'Check that service, and the network between it and this machine.',
    passes: true,
  },
  'no-credentials': {
    type: 'StoreAuthentication',
    reason: 'there are no credentials',
    advice: 'Give the credentials in the configuration or by the environment: see docs/stores.md.',
    passes: false,
  },
  'wrong-credentials': {
    type: 'StoreAuthentication',
    reason: 'the credentials are wrong',
    advice: 'Correct the credentials of the repository.',
    passes: false,
  },
  'expired-credentials': {
    type: 'StoreAuthentication',
    reason: 'the credentials have expired',
    advice: 'Renew the temporary credentials.',
    passes: false,
  },
  clock: {
    type: 'StoreAuthentication',
    reason: 'the clock of this machine differs too much from that of the service',
    advice: 'Set the clock of this machine, by NTP for example.',
    passes: false,
  },
  forbidden: {
    type: 'StoreForbidden',
    reason: 'the credentials lack the right',
    advice: 'Grant the named right to the credentials that the repository uses.',
    passes: false,
  },
  locked: {
    type: 'StoreForbidden',
    reason: 'a retention lock or a hold protects the object',
    advice: 'It can be removed when its lock or hold has ended; that is what the lock is for.',
    passes: false,
  },
  archived: {
    type: 'ObjectArchived',
    reason: 'the object lies in an archive class and is not thawed',
    advice: 'Have it thawed, and wait: restore with --thaw bulk, standard or expedited.',
    passes: false,
  },
  'wrong-region': {
    type: 'InvalidConfiguration',
    reason: 'the bucket lies in another region',
    advice: 'Set AWS_REGION, or s3.region of the repository, to the region of the bucket.',
    passes: false,
  },
  certificate: {
    type: 'InvalidConfiguration',
    reason: 'its TLS certificate is not trusted',
    advice: 'Name the certificate authority by caFile of the repository, or by NODE_EXTRA_CA_CERTS.',
    passes: false,
  },
  'certificate-time': {
    type: 'InvalidConfiguration',
    reason: 'its TLS certificate has expired, or does not count yet',
    advice: 'Renew the certificate of the service, and check the clock of this machine.',
    passes: false,
  },
  'certificate-name': {
    type: 'InvalidConfiguration',
    reason: 'its TLS certificate is for another name',
    advice:
      'Write the host in the URL as the certificate has it, or give the service a certificate for that name.',
    passes: false,
  },
  'no-tls': {
    type: 'InvalidConfiguration',
    reason: 'what answers there speaks no TLS that we understand',
    advice: 'Check host and port, and whether the URL has to begin with http: instead of https:.',
    passes: false,
  },
  'unknown-server': {
    type: 'InvalidConfiguration',
    reason: 'its host key is not the known one',
    advice: 'Compare the key with that of the server; then enter it: ssh-keyscan HOST >> ~/.ssh/known_hosts',
    passes: false,
  },
  'bad-request': {
    type: 'RepositoryUnsupported',
    reason: 'the service does not take the request',
    advice: 'Check that the URL leads to a service of that kind, and the name in it.',
    passes: false,
  },
  full: {
    type: 'StorageFull',
    reason: 'its space or quota is used up',
    advice: 'Raise the quota or free space there, or remove old snapshots; the run goes on by itself.',
    // Seconds do not free it: Temporal waits for that.
    passes: false,
  },
} as const satisfies Readonly<Record<string, Meaning>>;

export type Trouble = keyof typeof troubles;

export interface TroubleDetails {
  /** What was asked for, in the words of the service's rights: `s3:PutObject`. */
  readonly action: string;
  /** Where, without secrets. */
  readonly place: string;
  /** Code of the service or the system. */
  readonly code: string;
  readonly advice?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** A failure of a request to a service that holds repositories. */
export class StoreFailure extends Failure {
  readonly trouble: Trouble;

  constructor(trouble: Trouble, details: TroubleDetails) {
    const { type, reason, advice } = troubles[trouble];
    const { action, place, code, retryAfterMs, cause } = details;
    super(type, `${action} failed on ${place}: ${reason} (${code}).`, {
      advice: details.advice ?? advice,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(cause === undefined ? {} : { cause }),
    });
    this.trouble = trouble;
  }

  /** Whether to try the request again within seconds. */
  get passes(): boolean {
    return troubles[this.trouble].passes;
  }
}

export function isLocked(error: unknown): error is StoreFailure {
  return error instanceof StoreFailure && error.trouble === 'locked';
}

/** How the port tells that a lock refuses a removal; every other error as it is. */
export function removalFailure(error: unknown, until?: Date): unknown {
  return isLocked(error) ? new FileLocked(error, until) : error;
}

/** Codes of Node's network and TLS errors, which are the same for every store. */
const networkTroubles: Readonly<Record<string, Trouble>> = {
  ENOTFOUND: 'unknown-host',
  EAI_AGAIN: 'unreachable',
  EAI_FAIL: 'unreachable',
  ECONNREFUSED: 'refused',
  ECONNRESET: 'interrupted',
  ECONNABORTED: 'interrupted',
  EPIPE: 'interrupted',
  ERR_STREAM_PREMATURE_CLOSE: 'interrupted',
  ETIMEDOUT: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ESTALLED: 'stalled',
  EPROTO: 'no-tls',
  ERR_SSL_WRONG_VERSION_NUMBER: 'no-tls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'no-tls',
  CERT_HAS_EXPIRED: 'certificate-time',
  CERT_NOT_YET_VALID: 'certificate-time',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate-name',
  HOSTNAME_MISMATCH: 'certificate-name',
};

const certificateCodes = /^(CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS|ERR_SSL|CRL_)/;
const parserCodes = /^HPE_/;

/** The trouble behind a code of the network, or undefined if it is none. */
export function networkTrouble(code: string): Trouble | undefined {
  const known = Object.hasOwn(networkTroubles, code) ? networkTroubles[code] : undefined;
  if (known !== undefined) return known;
  if (certificateCodes.test(code)) return 'certificate';
  return parserCodes.test(code) ? 'garbled' : undefined;
}

/** The trouble behind an HTTP status that came without a code we know. */
export function statusTrouble(status: number | undefined): Trouble {
  if (status === undefined) return 'interrupted';
  if (status === 401) return 'wrong-credentials';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'no-container';
  if (status === 507) return 'full';
  if (status === 408 || status === 409 || status === 425 || status === 429 || status >= 500) return 'busy';
  // A 200 whose body is an error, or no XML, was changed on its way.
  return status < 400 ? 'garbled' : 'bad-request';
}

/** The code of an error or of what caused it. */
export function codeOf(error: unknown): string | undefined {
  for (let depth = 0; depth < 4 && error instanceof Error; depth += 1) {
    if ('code' in error && typeof error.code === 'string') return error.code;
    const inner: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
    if (!(inner instanceof Error)) return undefined;
    error = inner;
  }
  return undefined;
}

/** Milliseconds that a `Retry-After` header asks to wait: seconds, or a date. */
export function retryAfterMs(header: string | undefined, nowMs: number = Date.now()): number | undefined {
  if (header === undefined || header === '') return undefined;
  const waitMs = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : undefined;
}
