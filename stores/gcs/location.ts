import { Failure } from '../../contracts/failures.ts';

/** Where a repository lies in Google Cloud Storage. */
export interface GcsLocation {
  readonly bucket: string;
  /** Name prefix without slashes at its ends; empty for the whole bucket. */
  readonly prefix: string;
}

/**
 * Parses a repository URL in restic's notation, `gs:bucket:/prefix`.
 * @throws {Failure} InvalidConfiguration
 */
export function parseGcsLocation(url: string): GcsLocation {
  const match = /^gs:([^:/]*):(.*)$/.exec(url);
  if (match === null) throw wrongUrl('it has another form');
  const [, bucket = '', path = ''] = match;
  if (!/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(bucket)) {
    throw wrongUrl(
      `"${bucket}" cannot be a bucket: 3 to 63 lower-case letters, digits, dashes, underscores and dots`,
    );
  }
  return { bucket, prefix: path.split('/').filter(Boolean).join('/') };
}

/** The URL itself is left out: what is malformed may hold a password. */
function wrongUrl(why: string): Failure {
  return new Failure('InvalidConfiguration', `The repository URL is wrong: ${why}.`, {
    advice: 'Write it as gs:BUCKET:/PREFIX.',
  });
}
