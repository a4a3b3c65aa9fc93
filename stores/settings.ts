import type { AzureAccessTier, GcsStorageClass, S3StorageClass } from '../contracts/storage-classes.ts';
import type { Bandwidth } from './network/limits.ts';
import type { SocketTimes } from './network/watched-socket.ts';
import type { RetryPolicy } from './retry.ts';

/** Fields that hold a secret are references (`env:NAME`, `file:PATH`), resolved where they are used. */

export interface S3Settings {
  /** Default: AWS_REGION, AWS_DEFAULT_REGION, what the host name says, else us-east-1. */
  readonly region?: string | undefined;
  /** References. Default: the SDK's chain of environment, profile, container and instance role. */
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  readonly sessionToken?: string | undefined;
  /** Profile of ~/.aws/config; it may assume a role. */
  readonly profile?: string | undefined;
  /** `auto`: virtual hosts at AWS and where nothing else works, paths elsewhere. */
  readonly addressing?: 'auto' | 'path' | 'virtual-host' | undefined;
  /** Class of packs; everything else, which each run reads, stays in the default class. */
  readonly storageClass?: S3StorageClass | undefined;
  /** Packs, indexes, snapshots and keys cannot be removed for so long after they are written. */
  readonly objectLock?: { readonly mode: 'governance' | 'compliance'; readonly days: number } | undefined;
}

export interface AzureSettings {
  readonly account?: string | undefined;
  /** References; the first of connectionString, key, sas that is there, else the identity of the machine. */
  readonly connectionString?: string | undefined;
  readonly key?: string | undefined;
  readonly sas?: string | undefined;
  /** The identity to take: of several of this machine, or of a service principal. Default: AZURE_CLIENT_ID. */
  readonly clientId?: string | undefined;
  /** Default: AZURE_TENANT_ID. */
  readonly tenantId?: string | undefined;
  /** Reference to the secret of a service principal. */
  readonly clientSecret?: string | undefined;
  /** Default: core.windows.net. */
  readonly endpointSuffix?: string | undefined;
  /** URL of the Blob service. Default: that of the account. */
  readonly endpoint?: string | undefined;
  /** Tier of packs. Default: that of the account. */
  readonly accessTier?: AzureAccessTier | undefined;
}

export interface GcsSettings {
  /** Reference to the JSON of a service account's key, or of other credentials. Default: the default credentials. */
  readonly credentials?: string | undefined;
  /** Default: https://storage.googleapis.com. */
  readonly endpoint?: string | undefined;
  /** Class of packs. Default: that of the bucket. */
  readonly storageClass?: GcsStorageClass | undefined;
}

export interface SftpSettings {
  /** Reference to a private key. Default: the agent, then ~/.ssh/id_ed25519, id_ecdsa, id_rsa. */
  readonly privateKey?: string | undefined;
  readonly passphrase?: string | undefined;
  readonly password?: string | undefined;
  /** Default: ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts. */
  readonly knownHostsFile?: string | undefined;
  /** Hosts on the way, as `ssh -J` takes them: `[USER@]HOST[:PORT]`, several by comma. Default: ProxyJump of ssh. */
  readonly proxyJump?: string | undefined;
}

/** What is needed to open a store, beside its URL. */
export interface StoreSettings {
  readonly env: NodeJS.ProcessEnv;
  /** PEM file with certificate authorities to trust beside the usual ones. */
  readonly caFile?: string | undefined;
  readonly s3?: S3Settings | undefined;
  readonly azure?: AzureSettings | undefined;
  readonly gcs?: GcsSettings | undefined;
  readonly sftp?: SftpSettings | undefined;
  /** Shared by all connections; the caller may change it while the store is in use. Default: no limit. */
  readonly bandwidth?: Bandwidth | undefined;
  /** For tests: shorter times. */
  readonly times?: SocketTimes | undefined;
  readonly retry?: RetryPolicy | undefined;
}
