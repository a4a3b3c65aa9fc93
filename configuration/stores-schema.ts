import { z } from 'zod';
import { azureAccessTiers, gcsStorageClasses, s3StorageClasses } from '../contracts/storage-classes.ts';
import { secretReferenceSchema } from './reference-schema.ts';

/** How to get at the services that hold repositories. Secrets are references. */

const text = z.string().min(1);

export const s3Schema = z
  .strictObject({
    region: text.optional().meta({
      description:
        'Region of the bucket. Default: AWS_REGION or AWS_DEFAULT_REGION, what the host name says, else us-east-1.',
      examples: ['eu-central-1'],
    }),
    accessKeyId: secretReferenceSchema.optional().meta({
      description:
        "Reference to the access key. Default: the SDK's own chain of environment, profile, container and instance role.",
      examples: ['env:OFFSITE_KEY_ID'],
    }),
    secretAccessKey: secretReferenceSchema.optional().meta({
      description: 'Reference to the secret key.',
      examples: ['env:OFFSITE_SECRET_KEY'],
    }),
    sessionToken: secretReferenceSchema.optional().meta({
      description: 'Reference to the token of temporary credentials.',
      examples: ['file:/run/credentials/token'],
    }),
    profile: text.optional().meta({
      description: 'Profile of ~/.aws/config, which may assume a role.',
      examples: ['backup'],
    }),
    addressing: z
      .enum(['auto', 'path', 'virtual-host'])
      .optional()
      .meta({
        description:
          'Where the bucket stands in requests. auto: in the host name at AWS and where nothing else works, in the path elsewhere.',
        examples: ['auto'],
      }),
    storageClass: z
      .enum(s3StorageClasses)
      .optional()
      .meta({
        description:
          'Class of packs. Indexes, snapshots and keys, which each run reads, stay in the default class; packs of folder listings too where the class is GLACIER or DEEP_ARCHIVE. Default: that of the bucket.',
        examples: ['STANDARD_IA'],
      }),
    objectLock: z
      .strictObject({
        mode: z.enum(['governance', 'compliance']).meta({
          description:
            'governance can be lifted by who has the right to; compliance by nobody until it ends, not even you.',
          examples: ['governance'],
        }),
        days: z
          .int()
          .min(2)
          .max(3650)
          .meta({
            description:
              'How long an object cannot be removed after it is written. The schedule object_lock_renewal keeps at least half of it.',
            examples: [30],
          }),
      })
      .optional()
      .meta({
        description:
          'Keeps packs, indexes, snapshots and keys from being removed by anyone. The bucket must be made with object lock.',
        examples: [{ mode: 'governance', days: 30 }],
      }),
  })
  .refine(
    ({ accessKeyId, secretAccessKey }) => (accessKeyId === undefined) === (secretAccessKey === undefined),
    'accessKeyId and secretAccessKey belong together',
  );

export const azureSchema = z.strictObject({
  account: text.optional().meta({
    description: 'Storage account. Default: AZURE_ACCOUNT_NAME, or that of the connection string.',
    examples: ['mybackups'],
  }),
  connectionString: secretReferenceSchema.optional().meta({
    description: 'Reference to a connection string. Default: AZURE_STORAGE_CONNECTION_STRING.',
    examples: ['env:AZURE_STORAGE_CONNECTION_STRING'],
  }),
  key: secretReferenceSchema.optional().meta({
    description: 'Reference to an account key. Default: AZURE_ACCOUNT_KEY.',
    examples: ['file:/etc/resguardo/azure.key'],
  }),
  sas: secretReferenceSchema.optional().meta({
    description:
      'Reference to a shared access signature. Default: AZURE_ACCOUNT_SAS. Without any of these, the identity of the machine.',
    examples: ['file:/etc/resguardo/azure.sas'],
  }),
  clientId: text.optional().meta({
    description:
      'Client ID of the managed identity to take, or of a service principal. Default: AZURE_CLIENT_ID, else the only identity of the machine.',
    examples: ['6d5a2c1e-0000-4000-8000-5b1f2a3c4d5e'],
  }),
  tenantId: text.optional().meta({
    description: 'Tenant of a service principal. Default: AZURE_TENANT_ID.',
    examples: ['contoso.onmicrosoft.com'],
  }),
  clientSecret: secretReferenceSchema.optional().meta({
    description: 'Reference to the secret of a service principal.',
    examples: ['file:/etc/resguardo/azure-client.secret'],
  }),
  endpoint: text.optional().meta({
    description:
      'URL of the Blob service, of a private endpoint for example. Default: AZURE_STORAGE_SERVICE_ENDPOINT, else that of the account.',
    examples: ['https://mybackups.privatelink.blob.core.windows.net'],
  }),
  endpointSuffix: text.optional().meta({
    description: 'Domain of the cloud. Default: AZURE_ENDPOINT_SUFFIX, else core.windows.net.',
    examples: ['core.chinacloudapi.cn'],
  }),
  accessTier: z
    .enum(azureAccessTiers)
    .optional()
    .meta({
      description:
        'Tier of packs; Archive takes packs with data alone, the rest stays in the tier of the account. Default: that of the account.',
      examples: ['Cool'],
    }),
});

export const gcsSchema = z.strictObject({
  credentials: secretReferenceSchema.optional().meta({
    description:
      "Reference to the JSON of a service account's key. Default: GCP_CREDENTIALS_PATH, GOOGLE_APPLICATION_CREDENTIALS, else the identity of the machine.",
    examples: ['file:/etc/resguardo/gcs.json'],
  }),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({
      description: 'Where the service is. Default: https://storage.googleapis.com',
      examples: ['https://storage.googleapis.com'],
    }),
  storageClass: z
    .enum(gcsStorageClasses)
    .optional()
    .meta({
      description:
        'Class of packs; COLDLINE and ARCHIVE take packs with data alone, the rest stays in the class of the bucket. Default: that of the bucket.',
      examples: ['NEARLINE'],
    }),
});

export const sftpSchema = z.strictObject({
  privateKey: secretReferenceSchema.optional().meta({
    description: 'Reference to a private key. Default: the SSH agent, then the usual keys of ~/.ssh.',
    examples: ['file:/etc/resguardo/ssh.key'],
  }),
  passphrase: secretReferenceSchema.optional().meta({
    description: 'Reference to the passphrase of the key.',
    examples: ['env:SSH_PASSPHRASE'],
  }),
  password: secretReferenceSchema.optional().meta({
    description: 'Reference to the password of the user.',
    examples: ['env:SFTP_PASSWORD'],
  }),
  knownHostsFile: text.optional().meta({
    description: 'File with the host keys to trust. Default: that of ssh.',
    examples: ['/etc/resguardo/known_hosts'],
  }),
  proxyJump: text.optional().meta({
    description:
      'Hosts on the way, as ssh -J takes them: [USER@]HOST[:PORT], several by comma. Default: ProxyJump of ~/.ssh/config.',
    examples: ['backup@bastion.example.com'],
  }),
});

const kibibytesPerSecond = z.int().min(1).max(1_000_000_000);

export const limitsSchema = z.strictObject({
  uploadKiB: kibibytesPerSecond.optional().meta({
    description: 'KiB per second that are sent at most. Default: no limit.',
    examples: [10_240],
  }),
  downloadKiB: kibibytesPerSecond.optional().meta({
    description: 'KiB per second that are received at most. Default: no limit.',
    examples: [20_480],
  }),
  connections: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .meta({ description: 'Requests at once. Default: 16.', examples: [8] }),
});
