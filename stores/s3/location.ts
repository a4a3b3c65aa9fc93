import { Failure } from '../../contracts/failures.ts';

/** Where a repository lies in a service that speaks S3. */
export interface S3Location {
  /** `https://host[:port]`; plain http only where the URL says so. */
  readonly endpoint: string;
  readonly bucket: string;
  /** Key prefix without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
}

const form = 's3:https://HOST/BUCKET/PREFIX';

/**
 * Parses a repository URL in restic's notation: `s3:https://host/bucket/prefix`, `s3:host/bucket/prefix` or
 * `s3://host/bucket/prefix`.
 * @throws {Failure} InvalidConfiguration
 */
export function parseS3Location(url: string): S3Location {
  const rest = url.slice('s3:'.length).replace(/^\/\//, '');
  const address = /^https?:\/\//.test(rest) ? rest : `https://${rest}`;
  if (!url.startsWith('s3:') || !URL.canParse(address)) throw wrongUrl(url, 'it has another form');
  const parsed = new URL(address);
  // The parts of the message never include the user information, which may hold a secret.
  if (parsed.username !== '' || parsed.password !== '') {
    throw new Failure(
      'InvalidConfiguration',
      `The repository URL for ${parsed.host} must not hold credentials`,
      {
        advice: 'Give them by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or by a profile or role.',
      },
    );
  }
  const [bucket = '', ...prefix] = decodeURIComponent(parsed.pathname)
    .split('/')
    .filter((part) => part !== '');
  if (bucket === '') throw wrongUrl(url, 'the bucket is missing');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) {
    throw wrongUrl(
      url,
      `"${bucket}" cannot be a bucket: 3 to 63 lower-case letters, digits, dots and dashes`,
    );
  }
  return { endpoint: parsed.origin, bucket, prefix: prefix.join('/') };
}

function wrongUrl(url: string, why: string): Failure {
  return new Failure('InvalidConfiguration', `The repository URL ${url} is wrong: ${why}`, {
    advice: `Write it as ${form}.`,
  });
}
