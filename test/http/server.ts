import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface TestEndpoint extends AsyncDisposable {
  /** "http://127.0.0.1:40123". */
  readonly url: string;
  readonly received: readonly ReceivedRequest[];
}

/** A real HTTP endpoint on the loopback interface that keeps what it gets and answers as told. */
export async function startEndpoint(
  answer: (
    request: ReceivedRequest,
  ) => { status: number; headers?: Record<string, string>; body?: string } | 'stall',
  tls?: { readonly key: string; readonly cert: string },
): Promise<TestEndpoint> {
  const received: ReceivedRequest[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url: path = '', headers } = request;
    const message = { method, path, headers, body: await text(request) };
    received.push(message);
    const reply = answer(message);
    if (reply === 'stall') return;
    response.writeHead(reply.status, reply.headers);
    response.end(reply.body);
  };
  const listener: RequestListener = (request, response) => {
    respond(request, response).catch((error: Error) => response.destroy(error));
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
