import { normalizeIP } from '@fastify/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Failure } from '../contracts/failures.ts';
import { type ApiKey, findKey } from './keys.ts';
import { Lockout, type LockoutOptions } from './lockout.ts';
import type { ApiPort } from './port.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Name of the key that the client used; empty where none is needed. */
    keyName: string;
  }
}

export interface AuthenticationOptions {
  readonly port: Pick<ApiPort, 'audit' | 'log'>;
  /** Without any, only what is open to all is answered. */
  readonly keys: readonly ApiKey[];
  readonly lockout?: Partial<LockoutOptions>;
}

/** Whoever watches a process, such as a load balancer, has no key. */
const openPaths = new Set(['/healthz', '/readyz']);

const minuteMs = 60_000;
const defaultLockout = { tries: 10, windowMs: 5 * minuteMs, lockMs: 5 * minuteMs };

/** Asks for a key before anything else of a request is looked at, its body above all. */
export function authenticate(app: FastifyInstance, options: AuthenticationOptions): void {
  const { port, keys } = options;
  const lockout = new Lockout({ ...defaultLockout, ...options.lockout });
  app.decorateRequest('keyName', '');
  app.addHook('onRequest', async (request) => {
    if (openPaths.has(pathOf(request))) return;
    if (keys.length === 0) throw noKeyConfigured();
    const client = normalizeIP(request.ip);
    const remainingMs = lockout.remainingMs(client);
    if (remainingMs > 0) throw lockedOut(remainingMs);
    const given = keyOf(request);
    if (given === undefined) throw new Failure('Unauthorized', 'The request has no API key');
    const key = findKey(keys, given);
    if (key !== undefined) {
      request.keyName = key.name;
      return;
    }
    if (lockout.wrongKey(client)) await tellLockout(port, request);
    throw new Failure('Unauthorized', 'The API key is wrong');
  });
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? '';
}

function keyOf({ headers }: FastifyRequest): string | undefined {
  const own = headers['x-api-key'];
  if (typeof own === 'string' && own !== '') return own;
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}

function noKeyConfigured(): Failure {
  return new Failure('Unauthorized', 'The API has no key, so it answers /healthz and /readyz alone', {
    advice: 'Set BACKUP_API_KEY, or `api.key` in the configuration, and start it again.',
  });
}

function lockedOut(remainingMs: number): Failure {
  return new Failure('TooManyRequests', 'Too many wrong API keys came from this address', {
    retryAfterMs: remainingMs,
  });
}

async function tellLockout(
  { audit, log }: AuthenticationOptions['port'],
  request: FastifyRequest,
): Promise<void> {
  log.warn({ address: request.ip }, 'Too many wrong API keys: the address is locked out');
  await audit.record({
    origin: 'api',
    actor: `unknown@${request.ip}`,
    action: 'api.authenticate',
    subject: 'api',
    outcome: 'refused',
    detail: { reason: 'too many wrong keys' },
  });
}
