import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { ApiPort } from '../port.ts';
import { defineBackups } from './backups.ts';
import { defineHealth } from './health.ts';
import { defineLists } from './lists.ts';
import { defineRuns } from './runs.ts';

/** The server as routes see it: what their schemas say is what their handlers get. */
export type Routes = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export async function defineRoutes(app: FastifyInstance, port: ApiPort): Promise<void> {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  defineHealth(routes, port);
  defineLists(routes, port);
  defineRuns(routes, port);
  defineBackups(routes, port);
}
