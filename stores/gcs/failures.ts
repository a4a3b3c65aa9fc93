import { isFailure } from '../../contracts/failures.ts';
import type { HttpAnswer } from '../network/http-request.ts';
import {
  codeOf,
  networkTrouble,
  retryAfterMs,
  StoreFailure,
  statusTrouble,
  type Trouble,
} from '../trouble.ts';

/** Reasons of the JSON API. */
const reasonTroubles: Readonly<Record<string, Trouble>> = {
  authError: 'wrong-credentials',
  required: 'no-credentials',
  forbidden: 'forbidden',
  insufficientPermissions: 'forbidden',
  accountDisabled: 'forbidden',
  userProjectAccessDenied: 'forbidden',
  retentionPolicyNotMet: 'locked',
  objectUnderActiveHold: 'locked',
  rateLimitExceeded: 'busy',
  userRateLimitExceeded: 'busy',
  backendError: 'busy',
  internalError: 'busy',
  quotaExceeded: 'full',
};

/** What the token service of Google answers. */
const tokenTroubles: readonly (readonly [RegExp, Trouble])[] = [
  [/invalid_grant.*(iat|exp|clock|short-lived|timeframe)/is, 'clock'],
  [/invalid_grant|invalid_client|invalid_scope|unauthorized_client/i, 'wrong-credentials'],
  [/could not load the default credentials|unable to detect a project/i, 'no-credentials'],
  [/private key|PEM|DECODER|incoming JSON object|not match/i, 'wrong-credentials'],
];

/** The host is not in the URL of the repository. */
const addressAdvice =
  'Check gcs.endpoint and STORAGE_EMULATOR_HOST, if they are set, and the name service and network of this machine.';

const advices: Readonly<Partial<Record<Trouble, string>>> = {
  'no-credentials':
    'Set GOOGLE_APPLICATION_CREDENTIALS or gcs.credentials, or give this machine a service account.',
  'unknown-host': addressAdvice,
  refused: addressAdvice,
};

export interface GcsRequest {
  /** The permission that it needs: `storage.objects.create`. */
  readonly action: string;
  readonly place: string;
  readonly signal?: AbortSignal | undefined;
}

/** Translates an answer that is no success. */
export function answerFailure(answer: HttpAnswer, { action, place }: GcsRequest): StoreFailure {
  const text = answer.body.toString('utf8', 0, 8192);
  const reason = /"reason"\s*:\s*"([A-Za-z]+)"/.exec(text)?.[1];
  const isGarbled = answer.status === 400 && /md5/i.test(text);
  // Google documents a reason of its own for a hold, and sends the one of a missing right.
  const isHeld = answer.status === 403 && /under active [a-z-]+ hold/i.test(text);
  const known = isHeld ? 'locked' : reason === undefined ? undefined : reasonTroubles[reason];
  const trouble = isGarbled ? 'garbled' : (known ?? statusTrouble(answer.status));
  return new StoreFailure(trouble, {
    action,
    place,
    code: `${reason === undefined ? '' : `${reason}, `}HTTP ${answer.status}`,
    advice: trouble === 'forbidden' ? `Grant ${action} on the bucket to the credentials in use.` : undefined,
    retryAfterMs: retryAfterMs(answer.headers['retry-after']),
  });
}

/** When the retention of an object ends, which the refusal of a delete tells in its text alone. */
export function retentionEnd({ body }: HttpAnswer): Date | undefined {
  const time = /cannot be deleted[^"]* until (\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))/.exec(
    body.toString('utf8', 0, 8192),
  )?.[1];
  return time === undefined ? undefined : new Date(time);
}

/** Translates an error of the network, TLS or the getting of a token; an abort is thrown as the signal has it. */
export function networkFailure(error: unknown, { action, place, signal }: GcsRequest): unknown {
  if (signal?.aborted) return signal.reason;
  if (isFailure(error)) return error;
  const text = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  const trouble =
    (code === undefined ? undefined : networkTrouble(code)) ??
    tokenTroubles.find(([pattern]) => pattern.test(text))?.[1] ??
    'interrupted';
  return new StoreFailure(trouble, {
    action,
    place,
    code: code ?? 'token',
    advice: advices[trouble],
    cause: error,
  });
}
