import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Failure, type FailureType, failureRules, isFailure } from '../contracts/failures.ts';
import type { ApiLog } from './port.ts';

/** Makes every error of the server {type, message, advice}, with the status of the failure table. */
export function answerErrors(app: FastifyInstance, log: ApiLog): void {
  app.setErrorHandler<Error>(async (error, request, reply) => {
    const { status, failure } = describeError(error);
    if (status >= 500) log.error({ err: error, ...lineOf(request), status }, 'A request failed');
    return sendFailure(reply, failure, status);
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, async (request, reply) => {
    const failure = new Failure('NotFound', `There is no ${request.method} ${pathOf(request)}`);
    return sendFailure(reply, failure, failureRules.NotFound.httpStatus);
  });
}

/** Method and path, without the query. */
export function lineOf(request: FastifyRequest): { readonly method: string; readonly path: string } {
  return { method: request.method, path: pathOf(request) };
}

interface Described {
  readonly status: number;
  readonly failure: Failure;
}

function describeError(error: Error): Described {
  const failure = isFailure(error) ? error : fastifyFailure(error);
  const { httpStatus } = failureRules[failure.type];
  // Fastify knows finer ones for what is wrong with a request, such as 415.
  const own = isFailure(error) || failure.type !== 'InvalidInput' ? undefined : statusOf(error);
  return { failure, status: own ?? httpStatus };
}

/** Errors of the server itself; what is not known of is a fault of ours, and is told of in the log alone. */
function fastifyFailure(error: Error): Failure {
  const status = statusOf(error);
  if (status === undefined || status >= 500) {
    return new Failure('Internal', 'The request failed for a reason that the log of the server names', {
      cause: error,
    });
  }
  const type: FailureType =
    status === 413 ? 'RequestTooLarge' : status === 429 ? 'TooManyRequests' : 'InvalidInput';
  return new Failure(type, `The request is wrong: ${error.message}`, { cause: error });
}

function statusOf(error: Error): number | undefined {
  const { statusCode } = error as Partial<FastifyError>;
  return typeof statusCode === 'number' && statusCode >= 400 ? statusCode : undefined;
}

async function sendFailure(reply: FastifyReply, failure: Failure, status: number): Promise<FastifyReply> {
  const { type, message, advice, retryAfterMs } = failure;
  if (retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(retryAfterMs / 1000));
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="resguardo"');
  return reply
    .code(status)
    .type('application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send({ type, message, advice });
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? '';
}
