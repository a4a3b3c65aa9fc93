import { Failure } from '../../contracts/failures.ts';

/** Where a repository lies in a service that speaks S3. */
export interface S3Location {
  /** `https://host[:port]`, plain http only where the URL says so; undefined for AWS, which the region leads to. */
  readonly endpoint: string | undefined;
  readonly bucket: string;
  /** Key prefix without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
}

/** For people: bucket and service. */
export function placeOf({ bucket, endpoint = 's3.amazonaws.com' }: S3Location): string {
  return `bucket ${bucket} at ${endpoint}`;
}

/**
 * Parses a repository URL in restic's notation: `s3:https://host/bucket/prefix`, `s3:host/bucket/prefix` or
 * `s3://host/bucket/prefix`.
 * @throws {Failure} InvalidConfiguration
 */
export function parseS3Location(url: string): S3Location {
  const rest = url.slice('s3:'.length).replace(/^\/\/(?!\/)/, '');
  const address = /^https?:\/\//.test(rest) ? rest : `https://${rest}`;
  if (!url.startsWith('s3:') || !URL.canParse(address)) throw wrongUrl('it has another form');
  const parsed = new URL(address);
  if (parsed.username !== '' || parsed.password !== '') throw holdsCredentials(parsed.host);
  const [bucket = '', ...prefix] = partsOf(parsed.pathname);
  if (bucket === '') throw wrongUrl('the bucket is missing');
  assertBucket(bucket);
  const endpoint = parsed.hostname === 's3.amazonaws.com' ? undefined : parsed.origin;
  return { endpoint, bucket, prefix: prefix.join('/') };
}

export interface B2Location {
  readonly bucket: string;
  readonly prefix: string;
}

/**
 * Parses `b2:bucket:path`, restic's notation for Backblaze B2, which is used through its S3 endpoint.
 * @throws {Failure} InvalidConfiguration
 */
export function parseB2Location(url: string): B2Location {
  const [, bucket = '', path = ''] = /^b2:([^:]*):?(.*)$/.exec(url) ?? [];
  assertBucket(bucket.toLowerCase());
  return { bucket, prefix: path.split('/').filter(Boolean).join('/') };
}

function partsOf(pathname: string): readonly string[] {
  try {
    return decodeURIComponent(pathname).split('/').filter(Boolean);
  } catch {
    throw wrongUrl('a % in it is not followed by two hex digits');
  }
}

function assertBucket(bucket: string): void {
  if (/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) return;
  throw wrongUrl(`"${bucket}" cannot be a bucket: 3 to 63 lower-case letters, digits, dots and dashes`);
}

function holdsCredentials(host: string): Failure {
  return new Failure('InvalidConfiguration', `The repository URL for ${host} must not hold credentials.`, {
    advice: 'Give them by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or by a profile or role.',
  });
}

/** The URL itself is left out: what is malformed may hold a password. */
function wrongUrl(why: string): Failure {
  return new Failure('InvalidConfiguration', `The repository URL is wrong: ${why}.`, {
    advice: 'Write it as s3:https://HOST/BUCKET/PREFIX, or b2:BUCKET:/PREFIX.',
  });
}
