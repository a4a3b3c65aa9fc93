import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import { Failure } from '../contracts/failures.ts';
import { type AuthenticationOptions, authenticate } from './authentication.ts';
import { answerErrors, lineOf } from './errors.ts';
import { describeApi } from './openapi.ts';
import type { ApiPort } from './port.ts';
import { acceptJson, bodyLimitBytes, checkRequest } from './requests.ts';
import { defineRoutes } from './routes/routes.ts';

export interface ApiOptions extends Omit<AuthenticationOptions, 'port'> {
  readonly port: ApiPort;
  /** Version of Resguardo. */
  readonly version: string;
  /** Requests of one client in a minute. */
  readonly requestsPerMinute?: number;
}

const defaultRequestsPerMinute = 600;
const minuteMs = 60_000;
/** A client that sends its request more slowly than this is cut off. */
const requestTimeoutMs = 15_000;
const headersTimeoutMs = 10_000;
const connections = 256;
/** Ids of workflows may be long, and a slash takes three letters in a path. */
const longestParameter = 1000;

/** The HTTP API, not yet listening. */
export async function createApi(options: ApiOptions): Promise<FastifyInstance> {
  const { port, requestsPerMinute = defaultRequestsPerMinute } = options;
  const app = fastify({
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    http: { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: 1000 },
    routerOptions: { maxParamLength: longestParameter },
    // Proxies' headers are not believed: they would let a client choose its address.
    trustProxy: false,
    forceCloseConnections: true,
    return503OnClosing: true,
  });
  app.server.maxConnections = connections;
  app.setValidatorCompiler(checkRequest);
  app.setSerializerCompiler(serializerCompiler);
  acceptJson(app);
  authenticate(app, options);
  await app.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: minuteMs,
    keyGenerator: ({ ip }) => normalizeIP(ip),
    errorResponseBuilder: (_request, { max, ttl }) =>
      new Failure('TooManyRequests', `More than ${max} requests a minute came from this address`, {
        retryAfterMs: ttl,
      }),
  });
  answerErrors(app, port.log);
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  });
  app.addHook('onResponse', async (request, reply) => {
    const { statusCode: status, elapsedTime } = reply;
    const { keyName: key } = request;
    port.log.debug({ ...lineOf(request), status, key, ms: Math.round(elapsedTime) }, 'Answered');
  });
  await describeApi(app, options.version);
  await defineRoutes(app, port);
  await app.ready();
  return app;
}
