import { Failure, type FailureType } from '../contracts/failures.ts';
import type { Secret } from '../secrets/secret.ts';

/** The one HTTP client: Node's fetch, with an end to every wait and to every answer. */
export interface HttpRequest {
  /** For messages, as "Slack channel ops". The URL itself is never shown: it may be a secret as a whole. */
  readonly name: string;
  readonly url: Secret;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Longest time from the connection to the end of the answer. Default 15 s. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
  /** What its failures are called. */
  readonly failures: HttpFailureTypes;
}

export interface HttpFailureTypes {
  /** May go well later: no connection, no answer in time, status 408, 425, 429 and 5xx. */
  readonly unavailable: FailureType;
  /** A person must look at it: other status codes, redirects, certificates, a URL that is none. */
  readonly refused: FailureType;
}

export interface HttpAnswer {
  readonly status: number;
  /** The first 64 KiB. */
  readonly text: string;
}

const defaultTimeoutMs = 15_000;
const answerLimitBytes = 64 * 1024;
const longestRetryAfterMs = 3_600_000;
const temporaryStatuses = new Set([408, 425, 429]);

/**
 * Sends one request, once. Resolves with status 2xx only; follows no redirects.
 * @throws {Failure} of the types that the request names, without the URL and without secrets
 */
export async function sendRequest(request: HttpRequest): Promise<HttpAnswer> {
  const { timeoutMs = defaultTimeoutMs, signal } = request;
  signal.throwIfAborted();
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(checkedUrl(request), {
      method: request.method,
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
      ...(request.headers === undefined ? {} : { headers: request.headers }),
      ...(request.body === undefined ? {} : { body: request.body }),
    });
    const text = await readStart(response);
    if (!response.ok) throw refusal(request, response, text);
    return { status: response.status, text };
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (signal.aborted) throw signal.reason;
    throw connectionFailure(request, error, timeout.aborted);
  }
}

/**
 * The host to which a request would go, for messages; nothing else of the URL.
 * @throws {Failure} of the type `refused` if it is no web address
 */
export function hostOf(request: Pick<HttpRequest, 'name' | 'url' | 'failures'>): string {
  return checkedUrl(request).host;
}

function checkedUrl({ name, url: secret, failures }: Pick<HttpRequest, 'name' | 'url' | 'failures'>): URL {
  const url = URL.parse(secret.reveal().trim());
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url;
  throw new Failure(failures.refused, `${name}: the URL does not begin with https:// or http://`, {
    advice: 'Correct the URL that the reference leads to.',
  });
}

async function readStart(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop ends the connection.
    if (size >= answerLimitBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, answerLimitBytes).toString();
}

function refusal(request: HttpRequest, response: Response, text: string): Failure {
  const { status } = response;
  const host = hostOf(request);
  const said = firstWords(text, request.url);
  const message = `${request.name}: ${host} answers ${status}${said === '' ? '' : ` (${said})`}`;
  if (status >= 300 && status < 400) {
    return new Failure(request.failures.refused, `${message}, which leads elsewhere`, {
      advice: 'Give the URL to which it leads.',
    });
  }
  if (status < 500 && !temporaryStatuses.has(status)) return new Failure(request.failures.refused, message);
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'));
  return new Failure(
    request.failures.unavailable,
    message,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
}

/** RFC 9110, section 10.2.3: seconds or a date. At most an hour, whatever it says. */
function parseRetryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const waitMs = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), longestRetryAfterMs);
}

/** One short printable line of an answer, unless it repeats a part of the URL. */
function firstWords(text: string, url: Secret): string {
  const line = text
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 120);
  const parsed = URL.parse(url.reveal());
  const parts =
    `${parsed?.pathname ?? ''} ${parsed?.search ?? ''} ${parsed?.username ?? ''} ${parsed?.password ?? ''}`
      .split(/[^A-Za-z0-9_-]+/)
      .filter((part) => part.length >= 4);
  return parts.some((part) => line.includes(part)) ? '' : line;
}

function connectionFailure(request: HttpRequest, error: unknown, timedOut: boolean): Failure {
  const { name, failures, timeoutMs = defaultTimeoutMs } = request;
  const host = hostOf(request);
  if (timedOut)
    return new Failure(failures.unavailable, `${name}: no answer from ${host} in ${timeoutMs / 1000} s`);
  const code = codeOf(error);
  if (certificateProblem(code)) {
    return new Failure(failures.refused, `${name}: the certificate of ${host} is not accepted (${code})`, {
      advice: 'Renew the certificate, or name its authority in NODE_EXTRA_CA_CERTS.',
    });
  }
  return new Failure(failures.unavailable, `${name}: cannot reach ${host} (${reasons[code] ?? code})`);
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection is refused',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name is not known at the moment',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
};

function certificateProblem(code: string): boolean {
  return /^(CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)|_CERT/.test(code);
}

/** fetch wraps what happened: the innermost error that has a code tells it. */
function codeOf(error: unknown): string {
  let code = 'unknown error';
  for (let current = error; current instanceof Error; current = current.cause) {
    const inner = current instanceof AggregateError ? current.errors[0] : current;
    if (inner instanceof Error && 'code' in inner && typeof inner.code === 'string') code = inner.code;
  }
  return code;
}
