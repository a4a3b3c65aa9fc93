/** The repository in a cloud that the variables of older scripts name. */

export interface EnvironmentCloud {
  /** Repository URL in restic's notation; absent when none is asked for. */
  readonly url?: string;
  readonly problems: readonly string[];
}

const prefix = 'resguardo';

/** Values of CLOUD_PROVIDER. */
const providers: ReadonlyMap<string, Provider> = new Map([
  ['aws', 's3'],
  ['s3', 's3'],
  ['azure', 'azure'],
  ['gcp', 'gcs'],
  ['gcs', 'gcs'],
  ['google', 'gcs'],
  ['local', 'none'],
  ['none', 'none'],
]);

type Provider = 's3' | 'azure' | 'gcs' | 'none';

export function cloudFromEnvironment(env: NodeJS.ProcessEnv): EnvironmentCloud {
  const given = env.CLOUD_PROVIDER?.trim().toLowerCase();
  const provider = given ? providers.get(given) : impliedProvider(env);
  if (provider === undefined) return { problems: ['CLOUD_PROVIDER: must be aws, azure, gcp or none'] };
  switch (provider) {
    case 'none':
      return { problems: [] };
    case 's3':
      return s3(env);
    case 'azure':
      return bucketUrl('AZURE_BACKUP_CONTAINER', env, (container) => `azure:${container}:/${prefix}`);
    case 'gcs':
      return bucketUrl('GCP_BACKUP_BUCKET', env, (bucket) => `gs:${bucket}:/${prefix}`);
  }
}

function impliedProvider(env: NodeJS.ProcessEnv): Provider {
  if (env.AWS_BACKUP_BUCKET || env.BACKUP_S3_BUCKET) return 's3';
  if (env.AZURE_BACKUP_CONTAINER) return 'azure';
  return env.GCP_BACKUP_BUCKET ? 'gcs' : 'none';
}

function s3(env: NodeJS.ProcessEnv): EnvironmentCloud {
  const variable = env.AWS_BACKUP_BUCKET
    ? 'AWS_BACKUP_BUCKET'
    : env.BACKUP_S3_BUCKET
      ? 'BACKUP_S3_BUCKET'
      : undefined;
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1';
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || `https://s3.${region}.amazonaws.com`;
  if (!/^https?:\/\/[^\s@]+$/.test(endpoint)) {
    return {
      problems: [
        'AWS_ENDPOINT_URL: must be a URL without a password, for example https://s3.eu-west-1.amazonaws.com',
      ],
    };
  }
  if (!/^[a-z0-9-]+$/.test(region))
    return { problems: ['AWS_REGION: must be a region, for example eu-west-1'] };
  const url = (bucket: string) => `s3:${endpoint.replace(/\/+$/, '')}/${bucket}/${prefix}`;
  return bucketUrl(variable ?? 'AWS_BACKUP_BUCKET', env, url);
}

/** Names of buckets and containers share these rules. `s3://bucket/` is what some scripts had. */
function bucketUrl(
  variable: string,
  env: NodeJS.ProcessEnv,
  url: (bucket: string) => string,
): EnvironmentCloud {
  const bucket = env[variable]
    ?.trim()
    .replace(/^(s3|gs):\/\//, '')
    .replace(/\/+$/, '');
  if (!bucket) return { problems: [`${variable}: is missing, for example my-backups`] };
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,221}$/.test(bucket)) {
    return { problems: [`${variable}: must be the name of a bucket, for example my-backups`] };
  }
  return { url: url(bucket), problems: [] };
}
