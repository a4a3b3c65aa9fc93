import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestScope } from '../repository/temporary-folder.ts';

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
  /** The answer ends early and is announced so. */
  | { readonly kind: 'truncate'; readonly afterBytes: number }
  /** What was answered to the same request when it came for the first time. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'header'; readonly name: string; readonly value: string }
  /** Decided when the request has come; undefined lets it pass. */
  | { readonly kind: 'judged'; readonly judge: (request: AskedFor) => Fault | undefined }
  /** The request waits for something to be done. */
  | { readonly kind: 'work'; readonly work: () => Promise<void> }
  /** One bit of the body of the request, or of the answer, is turned. */
  | { readonly kind: 'flip'; readonly of: 'request' | 'answer'; readonly at: number };

export interface AskedFor {
  readonly method: string;
  /** With its query. */
  readonly path: string;
}

export interface FaultRule {
  readonly method?: string;
  /** Matched against the path with its query. */
  readonly path?: RegExp;
  /** So many of the matching requests pass before; default: none. */
  readonly skip?: number;
  /** So many of the matching requests; default: all. */
  readonly times?: number;
  /** Share of the matching requests, chosen by the seed. */
  readonly share?: number;
  readonly fault: Fault;
}

export interface SeenRequest extends AskedFor {
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
export async function faultProxy(t: TestScope, upstream: string, seed = 1): Promise<FaultProxy> {
  const random = seededRandom(seed);
  const seen: SeenRequest[] = [];
  let active: { readonly rule: FaultRule; left: number; skip: number }[] = [];
  const first: FirstAnswers = new Map();
  const server = createServer((incoming, outgoing) => {
    const { method = '', url: path = '' } = incoming;
    seen.push({ method, path, atMs: performance.now() });
    const found = active.find(
      (candidate) =>
        candidate.left > 0 &&
        (candidate.rule.method ?? method) === method &&
        (candidate.rule.path ?? /^/).test(path) &&
        candidate.skip-- <= 0 &&
        random() < (candidate.rule.share ?? 1),
    );
    if (found !== undefined) found.left -= 1;
    const fault = found?.rule.fault;
    const decided = fault?.kind === 'judged' ? fault.judge({ method, path }) : fault;
    handle({ incoming, outgoing, upstream, first }, decided).catch(() => outgoing.destroy());
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
      active = rules.map((rule) => ({
        rule,
        left: rule.times ?? Number.POSITIVE_INFINITY,
        skip: rule.skip ?? 0,
      }));
    },
  };
}

/** First answers to listings, by method and path. */
type FirstAnswers = Map<string, Answer>;

interface Answer {
  readonly status: number;
  readonly headers: string[];
  readonly content: Buffer;
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly upstream: string;
  readonly first: FirstAnswers;
}

async function handle(exchange: Exchange, fault: Fault | undefined): Promise<void> {
  const { incoming, outgoing } = exchange;
  const body = Buffer.concat(await Array.fromAsync(incoming));
  if (fault?.kind === 'silence') return;
  if (fault?.kind === 'answer') {
    outgoing.writeHead(fault.status, fault.headers ?? {});
    outgoing.end(incoming.method === 'HEAD' ? undefined : fault.body);
    return;
  }
  if (fault?.kind === 'latency') await delay(fault.ms);
  if (fault?.kind === 'work') await fault.work();
  if (fault?.kind === 'flip' && fault.of === 'request') flipBit(body, fault.at);
  const { status, headers, content } = changed(await answerTo(exchange, body, fault), fault);
  // The whole length is announced, whatever comes of it.
  outgoing.writeHead(status, headers);
  await pass(outgoing, content, fault);
}

async function answerTo(
  { incoming, upstream, first }: Exchange,
  body: Buffer,
  fault: Fault | undefined,
): Promise<Answer> {
  const { method, url = '' } = incoming;
  const before = first.get(`${method} ${url}`);
  if (fault?.kind === 'stale' && before !== undefined) return before;
  const answer = await forward(incoming, upstream, body);
  const content = Buffer.concat(await Array.fromAsync(answer));
  const whole = { status: answer.statusCode ?? 502, headers: answer.rawHeaders, content };
  if (url.includes('list-type=') && before === undefined) first.set(`${method} ${url}`, whole);
  return whole;
}

function changed({ status, headers, content }: Answer, fault: Fault | undefined): Answer {
  switch (fault?.kind) {
    case 'flip':
      if (fault.of === 'answer') flipBit(content, fault.at);
      return { status, headers, content };
    case 'truncate': {
      const cut = content.subarray(0, fault.afterBytes);
      return { status, headers: withHeader(headers, 'Content-Length', String(cut.length)), content: cut };
    }
    case 'header':
      return { status, headers: withHeader(headers, fault.name, fault.value), content };
    default:
      return { status, headers, content };
  }
}

/** Names and values in turn, as Node has them. */
function withHeader(headers: readonly string[], name: string, value: string): string[] {
  const others = headers.filter((_, index) => {
    const owner = headers[index - (index % 2)];
    return owner?.toLowerCase() !== name.toLowerCase();
  });
  return [...others, name, value];
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
    const options = { method, headers: incoming.rawHeaders, agent: false } as const;
    const sent = upstream.startsWith('https:')
      ? secureRequest(`${upstream}${url}`, { ...options, rejectUnauthorized: false }, resolve)
      : request(`${upstream}${url}`, options, resolve);
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
