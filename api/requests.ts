import type { FastifyInstance, FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { Failure } from '../contracts/failures.ts';

/** A body is a few names and tags. */
export const bodyLimitBytes = 64 * 1024;

/** Takes JSON in UTF-8, and nothing else. */
export function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => parseJson(body),
  );
}

/** Checks requests by zod schemas; the failure names each wrong field. */
export const checkRequest: FastifySchemaCompiler<z.ZodType> =
  ({ schema, httpPart }) =>
  (data) => {
    const result = schema.safeParse(data);
    if (result.success) return { value: result.data };
    const part = { body: 'body', querystring: 'query', params: 'path', headers: 'header' }[httpPart ?? ''];
    const problems = result.error.issues.flatMap(describe);
    return {
      error: new Failure('InvalidInput', `The ${part ?? 'request'} is wrong: ${problems.join('; ')}`),
    };
  };

function parseJson(body: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (error) {
    throw new Failure('InvalidInput', 'The body is wrong: it is not UTF-8', { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Failure('InvalidInput', 'The body is wrong: it is not JSON', {
      advice: 'Send one JSON object, such as {"source":"shop"}.',
      cause: error,
    });
  }
}

function describe(issue: z.core.$ZodIssue): readonly string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${[...issue.path, key].map(String).join('.')}: there is no such field`);
  }
  const field = issue.path.length > 0 ? `${issue.path.map(String).join('.')}: ` : '';
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return [`${field}${isMissing ? 'is missing' : issue.message}`];
}
