import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { TemporaryCredentials } from './minio-user.ts';

const role = 'backup-role';
const rolePath = '/latest/meta-data/iam/security-credentials/';

export interface InstanceMetadata {
  readonly endpoint: string;
  /** Changes what the role gives from now on. */
  give(credentials: TemporaryCredentials): void;
  /** How often credentials were asked for. */
  readonly asked: () => number;
}

/**
 * Speaks as the metadata service of an EC2 instance does, version 2: a token is got by PUT, and without one nothing is
 * told ("Instance metadata and user data", Amazon EC2 User Guide).
 */
export async function instanceMetadata(
  t: TestContext,
  first: TemporaryCredentials,
): Promise<InstanceMetadata> {
  const tokens = new Set<string>();
  let [current, asked] = [first, 0];
  const answer = ({ method, url, headers }: IncomingMessage): readonly [number, string] => {
    if (method === 'PUT' && url === '/latest/api/token') {
      if (headers['x-aws-ec2-metadata-token-ttl-seconds'] === undefined) return [400, ''];
      const token = randomBytes(16).toString('hex');
      tokens.add(token);
      return [200, token];
    }
    if (!tokens.has(String(headers['x-aws-ec2-metadata-token']))) return [401, ''];
    if (url === rolePath) return [200, role];
    if (url !== rolePath + role) return [404, ''];
    asked += 1;
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = current;
    const told = { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken };
    return [200, JSON.stringify({ Code: 'Success', Type: 'AWS-HMAC', ...told, Expiration: expiration })];
  };
  const server = createServer((request, response) => {
    const [status, text] = answer(request);
    response.writeHead(status).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    give: (credentials) => {
      current = credentials;
    },
    asked: () => asked,
  };
}
