import { z } from 'zod';
import type { ApiPort } from '../port.ts';
import { errorResponses, readinessSchema } from '../schemas.ts';
import type { Routes } from './routes.ts';

const nothing = z.strictObject({});
const tags = ['health'];

export function defineHealth(app: Routes, port: ApiPort): void {
  app.get(
    '/healthz',
    {
      schema: {
        summary: 'Whether the process answers; needs no key',
        tags,
        security: [],
        response: { 200: z.object({ status: z.literal('ok') }), ...errorResponses },
      },
    },
    async () => ({ status: 'ok' as const }),
  );
  app.get(
    '/readyz',
    {
      schema: {
        summary: 'Whether Temporal and the catalog can be used; needs no key',
        tags,
        security: [],
        response: { 200: readinessSchema, 503: readinessSchema, ...errorResponses },
      },
    },
    async (_request, reply) => {
      const readiness = await port.readiness();
      return reply.code(readiness.ready ? 200 : 503).send(readiness);
    },
  );
  app.get(
    '/metrics',
    {
      schema: {
        summary: "Metrics in Prometheus' text format",
        tags,
        response: {
          200: { description: 'Metrics', content: { 'text/plain': { schema: z.string() } } },
          ...errorResponses,
        },
      },
    },
    async (_request, reply) => {
      const { contentType, text } = await port.metrics();
      // As it is: to a serializer of JSON it would be a string to quote.
      return reply
        .type(contentType)
        .serializer((payload: string) => payload)
        .send(text);
    },
  );
  app.get(
    '/api/openapi.json',
    { schema: { summary: 'This document', tags, querystring: nothing, hide: true } },
    async () => app.swagger(),
  );
}
