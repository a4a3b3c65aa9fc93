import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

/** What to do to a request. Positions are bytes of the body of the answer. */
export type Fault =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  /** Nothing ever comes back. */
  | { readonly kind: 'silence' }
  | { readonly kind: 'latency'; readonly ms: number }
  | { readonly kind: 'stall'; readonly afterBytes: number }
  | { readonly kind: 'reset'; readonly afterBytes: number }
  /** The body is passed in pieces with pauses between them. */
  | { readonly kind: 'drip'; readonly pieceBytes: number; readonly everyMs: number }
  /** One bit of the body of the request, or of the answer, is turned. */
  | { readonly kind: 'flip'; readonly of: 'request' | 'answer'; readonly at: number };

export interface FaultRule {
  readonly method?: string;
  /** Matched against the path with its query. */
  readonly path?: RegExp;
  /** So many of the matching requests; default: all. */
  readonly times?: number;
  /** Share of the matching requests, chosen by the seed. */
  readonly share?: number;
  readonly fault: Fault;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly atMs: number;
}

export interface FaultProxy {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** Every request that has arrived. */
  readonly seen: readonly SeenRequest[];
  /** Replaces the rules; the first one that matches counts. */
  rules(...rules: readonly FaultRule[]): void;
}

/**
 * A proxy before a real server that does what networks and services do on bad days. Headers pass unchanged, so
 * that signatures stay right.
 */
export async function faultProxy(t: TestContext, upstream: string, seed = 1): Promise<FaultProxy> {
  const random = seededRandom(seed);
  const seen: SeenRequest[] = [];
  let active: { readonly rule: FaultRule; left: number }[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method = '', url: path = '' } = incoming;
    seen.push({ method, path, atMs: performance.now() });
    const found = active.find(
      ({ rule, left }) =>
        left > 0 &&
        (rule.method ?? method) === method &&
        (rule.path ?? /^/).test(path) &&
        random() < (rule.share ?? 1),
    );
    if (found !== undefined) found.left -= 1;
    handle({ incoming, outgoing, upstream }, found?.rule.fault).catch(() => outgoing.destroy());
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    rules: (...rules) => {
      active = rules.map((rule) => ({ rule, left: rule.times ?? Number.POSITIVE_INFINITY }));
    },
  };
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly upstream: string;
}

async function handle({ incoming, outgoing, upstream }: Exchange, fault: Fault | undefined): Promise<void> {
  const body = Buffer.concat(await Array.fromAsync(incoming));
  if (fault?.kind === 'silence') return;
  if (fault?.kind === 'answer') {
    outgoing.writeHead(fault.status, fault.headers ?? {});
    outgoing.end(incoming.method === 'HEAD' ? undefined : fault.body);
    return;
  }
  if (fault?.kind === 'latency') await delay(fault.ms);
  if (fault?.kind === 'flip' && fault.of === 'request') flipBit(body, fault.at);
  const answer = await forward(incoming, upstream, body);
  const content = Buffer.concat(await Array.fromAsync(answer));
  if (fault?.kind === 'flip' && fault.of === 'answer') flipBit(content, fault.at);
  // The whole length is announced, whatever comes of it.
  outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
  await pass(outgoing, content, fault);
}

async function pass(outgoing: ServerResponse, content: Buffer, fault: Fault | undefined): Promise<void> {
  if (fault?.kind === 'stall' || fault?.kind === 'reset') {
    outgoing.flushHeaders();
    await new Promise<void>((resolve) =>
      outgoing.write(content.subarray(0, fault.afterBytes), () => resolve()),
    );
    if (fault.kind === 'reset') outgoing.destroy();
    return;
  }
  if (fault?.kind === 'drip') {
    for (let start = 0; start < content.length; start += fault.pieceBytes) {
      outgoing.write(content.subarray(start, start + fault.pieceBytes));
      await delay(fault.everyMs);
    }
  }
  outgoing.end(fault?.kind === 'drip' ? undefined : content);
}

function forward(incoming: IncomingMessage, upstream: string, body: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, url } = incoming;
    // Without an agent: each request has a connection of its own, and no fault meets the next one.
    const sent = request(
      `${upstream}${url}`,
      { method, headers: incoming.rawHeaders, agent: false },
      resolve,
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

function flipBit(bytes: Buffer, at: number): void {
  if (at < bytes.length) bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
}

/** mulberry32: the same numbers for the same seed. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
