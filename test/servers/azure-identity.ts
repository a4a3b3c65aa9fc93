import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import type { TestCertificate } from '../stores/certificate.ts';

/** What the tokens say that are given from now on. */
export interface TokenWish {
  readonly audience?: string;
  /** Seconds from now until the storage refuses the token. */
  readonly lifeSeconds?: number;
  /** Seconds from now that the answer names as its end. Default: `lifeSeconds`. */
  readonly saidSeconds?: number;
}

/** An answer in the place of a token. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
}

export interface TokenRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly form: URLSearchParams;
}

export interface TokenServer {
  /** `http://127.0.0.1:PORT`, or with https. */
  readonly origin: string;
  /** Requests for tokens that were sent as they must be. */
  readonly asked: readonly TokenRequest[];
  give(wish: TokenWish | Refusal): void;
}

const tenant = '00000000-0000-4000-8000-00000000aaaa';

/**
 * Gives tokens as Azure does: at the endpoint of App Service (`X-IDENTITY-HEADER`, api-version 2019-08-01), at that of
 * virtual machines (`Metadata: true`, api-version 2018-02-01), and as an authority of Entra ID for service principals and
 * workload identities ("How to use managed identities for App Service", "How to use managed identities on a VM to acquire
 * an access token", "OAuth 2.0 client credentials flow").
 */
export async function tokenServer(t: TestContext, tls?: TestCertificate): Promise<TokenServer> {
  const asked: TokenRequest[] = [];
  let wish: TokenWish | Refusal = {};
  const answer = async (request: IncomingMessage): Promise<Refusal> => {
    const url = new URL(request.url ?? '/', origin);
    const form = new URLSearchParams(await text(request));
    const asking = {
      path: url.pathname.replace(/\/$/, ''),
      query: url.searchParams,
      headers: request.headers,
      form,
    };
    if (url.pathname.endsWith('/.well-known/openid-configuration')) return directory(origin);
    if (!isAsked(asking)) return { status: 400, body: JSON.stringify({ error: 'invalid_request' }) };
    asked.push(asking);
    return 'status' in wish ? wish : granted(asking, wish);
  };
  const respond: Parameters<typeof createHttpServer>[1] & {} = (request, response) => {
    answer(request).then(
      ({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(body),
      () => response.destroy(),
    );
  };
  const server =
    tls === undefined
      ? createHttpServer(respond)
      : createHttpsServer({ cert: await readFile(tls.certificate), key: await readFile(tls.key) }, respond);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const origin = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  return {
    origin,
    asked,
    give: (given) => {
      wish = given;
    },
  };
}

/** What App Service puts into the environment. */
export function appService({ origin }: TokenServer): Record<string, string> {
  return { IDENTITY_ENDPOINT: `${origin}/msi/token`, IDENTITY_HEADER: 'header-of-this-app' };
}

/** Has the SDK take the server for that of a virtual machine, which is at 169.254.169.254. */
export function virtualMachine({ origin }: TokenServer): Record<string, string> {
  return { AZURE_POD_IDENTITY_AUTHORITY_HOST: origin };
}

/** The tenant at the server as an authority. */
export function authority({ origin }: TokenServer): Record<string, string> {
  return { AZURE_AUTHORITY_HOST: origin, AZURE_TENANT_ID: tenant };
}

function isAsked({ path, query, headers, form }: TokenRequest): boolean {
  const isForStorage = query.get('resource') === 'https://storage.azure.com';
  if (path === '/msi/token') {
    const isHeaded = headers['x-identity-header'] === 'header-of-this-app';
    return isForStorage && isHeaded && query.get('api-version') === '2019-08-01';
  }
  if (path === '/metadata/identity/oauth2/token') {
    return isForStorage && headers.metadata === 'true' && query.get('api-version') === '2018-02-01';
  }
  const isScoped = (form.get('scope') ?? '').startsWith('https://storage.azure.com/.default');
  return (
    path === `/${tenant}/oauth2/v2.0/token` && isScoped && form.get('grant_type') === 'client_credentials'
  );
}

/** Times are strings of seconds since 1970 at both endpoints, and seconds from now at the authority. */
function granted({ path, query }: TokenRequest, wish: TokenWish): Refusal {
  const { lifeSeconds = 86_400, saidSeconds = lifeSeconds } = wish;
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    aud: wish.audience ?? 'https://storage.azure.com',
    iss: `https://sts.windows.net/${tenant}/`,
    iat: now - 300,
    nbf: now - 300,
    exp: now + lifeSeconds,
  };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const access = {
    access_token: `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${Buffer.from('unsigned').toString('base64url')}`,
    token_type: 'Bearer',
    resource: query.get('resource') ?? undefined,
  };
  const times = path.endsWith('/oauth2/v2.0/token')
    ? { expires_in: saidSeconds }
    : { expires_on: String(now + saidSeconds) };
  return { status: 200, body: JSON.stringify({ ...access, ...times }) };
}

function directory(origin: string): Refusal {
  const at = `${origin}/${tenant}`;
  const body = JSON.stringify({
    issuer: `${at}/v2.0`,
    token_endpoint: `${at}/oauth2/v2.0/token`,
    authorization_endpoint: `${at}/oauth2/v2.0/authorize`,
    jwks_uri: `${at}/discovery/v2.0/keys`,
  });
  return { status: 200, body };
}
