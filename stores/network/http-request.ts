import http from 'node:http';
import https from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { Agents } from './agents.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent one after the other. */
  readonly body?: readonly Uint8Array[];
  readonly agents: Agents;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Sends one request through the agents and reads the whole answer, whatever its status.
 * @throws {Error} of the network or TLS, with its code; ECONNRESET when the answer was cut short
 */
export async function httpRequest({
  method,
  url,
  headers,
  body,
  agents,
  signal,
}: HttpRequest): Promise<HttpAnswer> {
  const isPlain = url.startsWith('http:');
  const length = body?.reduce((sum, part) => sum + part.length, 0);
  const request = (isPlain ? http : https).request(url, {
    method,
    headers: { ...headers, ...(length === undefined ? {} : { 'content-length': length }) },
    agent: isPlain ? agents.http : agents.https,
    ...(signal === undefined ? {} : { signal }),
  });
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });
  for (const part of body ?? []) request.write(part);
  request.end();
  const answer = await answered;
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await buffer(answer) };
}
