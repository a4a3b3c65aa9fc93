import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { StoreSettings } from '../../stores/settings.ts';

/** An object of the server, and whether it can be read. */
export interface ColdObject {
  readonly body: Buffer;
  readonly storageClass: string;
  writtenAt: Date;
  /** Undefined for classes that are read at once. */
  reach: 'frozen' | 'thawing' | 'readable' | undefined;
}

export interface ColdRequest {
  readonly method: string;
  readonly key: string;
  /** Tier of a request to thaw. */
  readonly tier?: string | undefined;
  readonly status: number;
}

/** A server that speaks enough of S3 to freeze and thaw, which MinIO does not. Signatures are not looked at. */
export interface ColdS3 {
  readonly origin: string;
  readonly objects: Map<string, ColdObject>;
  readonly requests: ColdRequest[];
  /** Everything that is asked for becomes readable. */
  thaw(): void;
  /** After so many listings of what thaws, it is readable. */
  thawAfterLooks(looks: number): void;
  /** What was thawed is frozen again, as after its days. */
  freeze(): void;
}

const frozenClasses = ['GLACIER', 'DEEP_ARCHIVE'];

/** Calls back when it ends: a test, or a program. */
export interface Ending {
  after(end: () => void): unknown;
}

/** Starts one on loopback, with the bucket `archive`; it ends with the test. */
export async function coldS3(t: Ending): Promise<ColdS3> {
  const state: State = { objects: new Map(), looksLeft: undefined };
  const requests: ColdRequest[] = [];
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const key = decodeURIComponent(url.pathname).replace(/^\/[^/]+\/?/, '');
    const body = await bodyOf(request);
    const answer = answerTo(state, { request, url, key, body });
    const tier = /<Tier>(\w+)<\/Tier>/.exec(body.toString('latin1'))?.[1];
    requests.push({ method: request.method ?? '', key, tier, status: answer.status });
    const isHead = request.method === 'HEAD';
    const content = Buffer.from(answer.body ?? '');
    response.writeHead(answer.status, { 'content-length': content.length, ...answer.headers });
    response.end(isHead ? undefined : content);
  };
  const server = createServer((request, response) => {
    // Whoever breaks off in the middle of a body gets no answer.
    respond(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const change = (from: ColdObject['reach'], to: ColdObject['reach']) => {
    for (const object of state.objects.values()) if (object.reach === from) object.reach = to;
  };
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects: state.objects,
    requests,
    thaw: () => change('thawing', 'readable'),
    thawAfterLooks: (looks) => {
      state.looksLeft = looks;
    },
    freeze: () => change('readable', 'frozen'),
  };
}

/** How a store gets at the server. */
export function coldPlace(
  { origin }: ColdS3,
  storageClass: NonNullable<StoreSettings['s3']>['storageClass'],
): { readonly url: string; readonly settings: StoreSettings } {
  return {
    url: `s3:${origin}/archive/some/prefix`,
    settings: {
      env: { KEY_ID: 'key', SECRET_KEY: 'secret' },
      s3: { accessKeyId: 'env:KEY_ID', secretAccessKey: 'env:SECRET_KEY', storageClass },
    },
  };
}

interface State {
  readonly objects: Map<string, ColdObject>;
  looksLeft: number | undefined;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly key: string;
  readonly body: Buffer;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

function answerTo(state: State, asked: Asked): Answer {
  const { request, url, key } = asked;
  if (key === '') return bucketAnswer(state, asked);
  const object = state.objects.get(key);
  if (request.method === 'PUT') return put(state, asked);
  if (request.method === 'DELETE') {
    state.objects.delete(key);
    return { status: 204 };
  }
  if (object === undefined) return failed(404, 'NoSuchKey');
  if (request.method === 'POST' && url.searchParams.has('restore')) return thaw(object);
  return get(object, request);
}

function bucketAnswer(state: State, { request, url }: Asked): Answer {
  if (url.searchParams.has('location')) return xml('<LocationConstraint></LocationConstraint>');
  if (url.searchParams.get('list-type') !== '2') return { status: request.method === 'HEAD' ? 200 : 404 };
  const attributes = request.headers['x-amz-optional-object-attributes'];
  const isLook = attributes !== undefined && [...state.objects.values()].some(isThawing);
  if (isLook && state.looksLeft !== undefined) {
    if (state.looksLeft === 0) for (const object of state.objects.values()) finishThaw(object);
    else state.looksLeft -= 1;
  }
  const prefix = url.searchParams.get('prefix') ?? '';
  const after = url.searchParams.get('continuation-token') ?? '';
  const most = Number(url.searchParams.get('max-keys') ?? 1000);
  const keys = [...state.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const page = keys.slice(0, most);
  const rest = keys.length > most ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
  const contents = page.map((key) => listed(key, state.objects.get(key), attributes !== undefined));
  return xml(
    `<ListBucketResult><IsTruncated>${keys.length > most}</IsTruncated>${rest}${contents.join('')}</ListBucketResult>`,
  );
}

function listed(key: string, object: ColdObject | undefined, withStatus: boolean): string {
  if (object === undefined) return '';
  const { reach, body, storageClass, writtenAt } = object;
  const status =
    reach === 'thawing'
      ? '<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>'
      : reach === 'readable'
        ? '<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress><RestoreExpiryDate>2099-01-01T00:00:00.000Z</RestoreExpiryDate></RestoreStatus>'
        : '';
  return `<Contents><Key>${key}</Key><Size>${body.length}</Size><LastModified>${writtenAt.toISOString()}</LastModified><StorageClass>${storageClass}</StorageClass>${withStatus ? status : ''}</Contents>`;
}

function put({ objects }: State, { request, key, body }: Asked): Answer {
  if (request.headers['if-none-match'] === '*' && objects.has(key)) return failed(412, 'PreconditionFailed');
  const storageClass = String(request.headers['x-amz-storage-class'] ?? 'STANDARD');
  const reach = frozenClasses.includes(storageClass) ? 'frozen' : undefined;
  objects.set(key, { body, storageClass, writtenAt: new Date(), reach });
  return { status: 200, headers: { etag: etag(body) } };
}

/** As RestoreObject answers: 202 begins it, 200 is for what is thawed, 409 for what thaws, 403 for the rest. */
function thaw(object: ColdObject): Answer {
  if (object.reach === undefined) return failed(403, 'InvalidObjectState');
  if (object.reach === 'thawing') return failed(409, 'RestoreAlreadyInProgress');
  if (object.reach === 'readable') return { status: 200 };
  object.reach = 'thawing';
  return { status: 202 };
}

function get(object: ColdObject, { method, headers: { range } }: IncomingMessage): Answer {
  const { body, reach, storageClass, writtenAt } = object;
  const isFrozen = reach === 'frozen' || reach === 'thawing';
  if (method === 'GET' && isFrozen) return failed(403, 'InvalidObjectState');
  const headers = {
    etag: etag(body),
    'last-modified': writtenAt.toUTCString(),
    'accept-ranges': 'bytes',
    ...(storageClass !== 'STANDARD' && { 'x-amz-storage-class': storageClass }),
    ...(reach === 'thawing' && { 'x-amz-restore': 'ongoing-request="true"' }),
    ...(reach === 'readable' && {
      'x-amz-restore': 'ongoing-request="false", expiry-date="Thu, 01 Jan 2099 00:00:00 GMT"',
    }),
  };
  if (method === 'HEAD') return { status: 200, headers: { ...headers, 'content-length': `${body.length}` } };
  const [, first = '', last = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (first === '') return { status: 200, headers, body };
  if (Number(first) >= body.length) return failed(416, 'InvalidRange');
  const end = last === '' ? body.length : Math.min(Number(last) + 1, body.length);
  const contentRange = `bytes ${first}-${end - 1}/${body.length}`;
  const part = body.subarray(Number(first), end);
  return { status: 206, headers: { ...headers, 'content-range': contentRange }, body: part };
}

function isThawing({ reach }: ColdObject): boolean {
  return reach === 'thawing';
}

function finishThaw(object: ColdObject): void {
  if (isThawing(object)) object.reach = 'readable';
}

function etag(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}

function xml(body: string): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>${body}`,
  };
}

function failed(status: number, code: string): Answer {
  return { ...xml(`<Error><Code>${code}</Code><Message>It is so.</Message></Error>`), status };
}

/** restic's client signs each piece of a body, and writes its length before it. */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const raw = await buffer(request);
  const digest = String(request.headers['x-amz-content-sha256'] ?? '');
  return digest.startsWith('STREAMING-') ? unchunked(raw) : raw;
}

function unchunked(raw: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = raw.indexOf('\r\n', at);
    const length = Number.parseInt(raw.toString('latin1', at, end), 16);
    if (!(length > 0)) return Buffer.concat(parts);
    parts.push(raw.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}
