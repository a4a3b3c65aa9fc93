import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { resolveSecret } from '../../secrets/resolve.ts';
import type { Agents } from '../network/agents.ts';
import type { S3Settings, StoreSettings } from '../settings.ts';
import type { S3Location } from './location.ts';

/** Makes the client of a bucket. Credentials are got at the first request, and again when they have expired. */
export function s3Client(location: S3Location, settings: StoreSettings, agents: Agents): S3Client {
  const { s3 = {}, env } = settings;
  const { endpoint } = location;
  return new S3Client({
    ...(endpoint === undefined ? {} : { endpoint }),
    region: s3.region ?? regionOf(endpoint, env),
    forcePathStyle: isPathStyle(location, s3.addressing),
    followRegionRedirects: true,
    // The retry decorator around every store does it, so that attempts do not multiply.
    maxAttempts: 1,
    // The sockets of the agents are watched for stalls; a time-out of a whole request would end slow uploads.
    requestHandler: {
      connectionTimeout: 0,
      requestTimeout: 0,
      socketTimeout: 0,
      httpAgent: agents.http,
      httpsAgent: agents.https,
    },
    // B2, R2 and others refuse the checksums that the SDK would add: see `checksum` in store.ts.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_SUPPORTED',
    ...credentials(s3, env),
  });
}

function credentials(
  s3: S3Settings,
  env: NodeJS.ProcessEnv,
): Pick<S3ClientConfig, 'credentials' | 'profile'> {
  const { accessKeyId, secretAccessKey, sessionToken, profile } = s3;
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    return profile === undefined ? {} : { profile };
  }
  const reveal = async (reference: string) => (await resolveSecret(reference, env)).reveal();
  return {
    credentials: async () => ({
      accessKeyId: await reveal(accessKeyId),
      secretAccessKey: await reveal(secretAccessKey),
      ...(sessionToken === undefined ? {} : { sessionToken: await reveal(sessionToken) }),
      // So that the SDK asks again, and files that were rotated under way are taken up.
      expiration: new Date(Date.now() + rotationMs),
    }),
  };
}

const rotationMs = 15 * 60_000;

/** Host names that hold their region: s3.eu-west-1.amazonaws.com, s3.us-west-004.backblazeb2.com, … */
const regionInHost = /^s3[.-](?:dualstack\.)?([a-z]{2,}-[a-z]+-\d+)\./;

function regionOf(endpoint: string | undefined, env: NodeJS.ProcessEnv): string {
  const host = endpoint === undefined ? '' : new URL(endpoint).hostname;
  if (host.endsWith('.r2.cloudflarestorage.com')) return 'auto';
  const inHost = regionInHost.exec(host)?.[1];
  return inHost ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1');
}

/** Services that take virtual hosts alone, or will. A bucket with dots has no valid certificate there. */
const virtualHosts = /\.(amazonaws\.com(\.cn)?|aliyuncs\.com)$/;

function isPathStyle({ endpoint, bucket }: S3Location, addressing: S3Settings['addressing']): boolean {
  if (addressing === 'path' || addressing === 'virtual-host') return addressing === 'path';
  if (bucket.includes('.')) return true;
  return endpoint !== undefined && !virtualHosts.test(new URL(endpoint).hostname);
}
