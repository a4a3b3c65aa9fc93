import { createCipheriv, createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { MinioServer } from '../../tools/minio-server.ts';

export interface MinioUser {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Makes a user of MinIO that has the rights of a policy, in the language of AWS, and no others. */
export async function createUser(server: MinioServer, policy: unknown): Promise<MinioUser> {
  const accessKeyId = `user-${randomBytes(6).toString('hex')}`;
  const secretAccessKey = randomBytes(12).toString('hex');
  const credentials = JSON.stringify({ secretKey: secretAccessKey, status: 'enabled' });
  const wrapped = encrypted(server.secretAccessKey, credentials);
  // Users come some time after the health page says that a server is ready.
  const addUser = () => admin(server, `add-user?accessKey=${accessKeyId}`, wrapped);
  for (let attempt = 0; ; attempt += 1) {
    const error = await addUser().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error === undefined) break;
    if (attempt > 200 || !/XMinioServerNotInitialized/.test(String(error))) throw error;
    await delay(100);
  }
  await admin(server, `add-canned-policy?name=${accessKeyId}`, Buffer.from(JSON.stringify(policy)));
  const attach = `isGroup=false&policyName=${accessKeyId}&userOrGroup=${accessKeyId}`;
  await admin(server, `set-user-or-group-policy?${attach}`, Buffer.alloc(0));
  return { accessKeyId, secretAccessKey };
}

/** Its keys count for nothing from now on. */
export async function removeUser(server: MinioServer, { accessKeyId }: MinioUser): Promise<void> {
  await admin(server, `remove-user?accessKey=${accessKeyId}`, Buffer.alloc(0), 'DELETE');
}

export interface TemporaryCredentials extends MinioUser {
  readonly sessionToken: string;
  readonly expiration: string;
}

/** What a role gives to a machine: credentials of a user that end, for the least time that there is, a quarter of an hour. */
export async function assumeRole(server: MinioServer, user: MinioUser): Promise<TemporaryCredentials> {
  const form = 'Action=AssumeRole&Version=2011-06-15&DurationSeconds=900';
  const url = new URL('/', server.endpoint);
  const answer = await send(user, { url, method: 'POST', service: 'sts', body: Buffer.from(form) });
  const field = (name: string): string => new RegExp(`<${name}>([^<]+)<`).exec(answer)?.[1] ?? '';
  return {
    accessKeyId: field('AccessKeyId'),
    secretAccessKey: field('SecretAccessKey'),
    sessionToken: field('SessionToken'),
    expiration: field('Expiration'),
  };
}

/** Sends a request of MinIO's admin API (madmin-go). The query has to be sorted. */
async function admin(
  server: MinioServer,
  request: string,
  body: Buffer,
  method: 'PUT' | 'DELETE' = 'PUT',
): Promise<void> {
  const url = new URL(`/minio/admin/v3/${request}`, server.endpoint);
  await send(server, { url, method, service: 's3', body });
}

interface SignedRequest {
  readonly url: URL;
  readonly method: 'PUT' | 'POST' | 'DELETE';
  readonly service: 's3' | 'sts';
  readonly body: Buffer;
}

/** Sends a request signed as AWS has it (Signature Version 4), and returns the answer. */
async function send(
  { accessKeyId, secretAccessKey }: MinioUser,
  { url, method, service, body }: SignedRequest,
): Promise<string> {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const hash = createHash('sha256').update(body).digest('hex');
  const headers = {
    ...(method === 'POST' && { 'content-type': 'application/x-www-form-urlencoded' }),
    host: url.host,
    'x-amz-content-sha256': hash,
    'x-amz-date': date,
  };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = [method, url.pathname, url.search.slice(1), lines.join(''), names, hash].join('\n');
  const scope = `${date.slice(0, 8)}/us-east-1/${service}/aws4_request`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  const key = scope
    .split('/')
    .reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', date, scope, digest].join('\n')).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  const { host: _host, ...sent } = headers;
  const answer = await fetch(url, {
    method,
    headers: { ...sent, authorization },
    ...(method !== 'DELETE' && { body }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`MinIO refused ${method} ${url.pathname}: ${answer.status} ${text}`);
  return text;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/**
 * What MinIO wants secrets wrapped in (madmin-go, `EncryptData`): salt, algorithm 2 (PBKDF2 and AES-256-GCM), nonce,
 * and one sealed fragment of sio-go, whose additional data say that it is the last.
 */
function encrypted(password: string, text: string): Buffer {
  const [salt, nonce] = [randomBytes(32), randomBytes(8)];
  const key = pbkdf2Sync(password, salt, 8192, 32, 'sha256');
  const seal = (number: number, plain: string, additional: Buffer): Buffer => {
    const counted = Buffer.alloc(12);
    nonce.copy(counted);
    counted.writeUInt32LE(number, 8);
    const cipher = createCipheriv('aes-256-gcm', key, counted).setAAD(additional);
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  };
  const additional = Buffer.concat([Buffer.of(0x80), seal(0, '', Buffer.alloc(0))]);
  return Buffer.concat([salt, Buffer.of(2), nonce, seal(1, text, additional)]);
}
