import { execFile } from 'node:child_process';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { ensureAzurite } from '../../tools/azurite.ts';
import { startAzurite } from '../../tools/azurite-server.ts';
import { ensureCompleteRestic } from '../../tools/restic.ts';
import { temporaryFolder } from '../cli/command-line.ts';
import { printNotice } from '../servers/environment.ts';
import { minioServer } from '../servers/minio.ts';
import { resticProgram } from '../servers/restic.ts';
import { sshServer } from '../servers/sshd.ts';
import { makeCertificate } from './certificate.ts';
import { connectProxy } from './connect-proxy.ts';
import { places } from './test-stores.ts';

const execute = promisify(execFile);

/** How each of the two gets at one repository. */
export interface Access {
  readonly url: string;
  /** The same for both, where nothing else is said. */
  readonly env: Readonly<Record<string, string>>;
  readonly oursAlone?: Readonly<Record<string, string>>;
  /** The server refuses restic's way of writing, so restic reads alone. */
  readonly resticOnlyReads?: boolean;
  /** Another restic than that of Debian. */
  readonly restic?: string;
  readonly resticArgs?: readonly string[];
  /** A configuration for us, where variables are not enough. */
  readonly configuration?: string;
}

export type AccessOf = (t: TestContext) => Promise<Access>;

export const password = 'correct horse';

export const accesses = {
  's3:': async (t) => {
    const { accessKeyId, secretAccessKey } = await minioServer();
    const { url } = await places.s3(t);
    return { url, env: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } };
  },
  // restic speaks HTTPS to ACCOUNT.blob.SUFFIX alone, so a proxy leads that name to an Azurite with TLS.
  'azure:': async (t) => {
    const folder = await temporaryFolder(t);
    const tls = await makeCertificate(folder, ['devstoreaccount1.blob.core.windows.net']);
    const server = await startAzurite({ script: await ensureAzurite(), tls });
    t.after(() => server.stop());
    const { endpoint, account, key } = server;
    const proxy = await connectProxy(t, Number(new URL(endpoint).port));
    const connection = `DefaultEndpointsProtocol=https;AccountName=${account};AccountKey=${key};BlobEndpoint=${endpoint}`;
    await makeContainer(endpoint, new StorageSharedKeyCredential(account, key));
    return {
      url: 'azure:backups:/pre/fix',
      resticOnlyReads: true,
      resticArgs: ['--no-lock'],
      restic: await ensureCompleteRestic({ onNotice: printNotice }),
      env: {
        AZURE_ACCOUNT_NAME: account,
        AZURE_ACCOUNT_KEY: key,
        HTTPS_PROXY: proxy,
        RESTIC_CACERT: tls.certificate,
      },
      oursAlone: { AZURE_STORAGE_CONNECTION_STRING: connection },
    };
  },
  'gs:': async (t) => {
    const { url, origin } = await places.gcs(t);
    const env = {
      GOOGLE_PROJECT_ID: 'test',
      GOOGLE_ACCESS_TOKEN: 'none',
      STORAGE_EMULATOR_HOST: new URL(origin).host,
    };
    return { url, env };
  },
  'sftp:': async (t) => {
    const { url } = await places.sftp(t);
    const { privateKeyFile, knownHostsFile } = await sshServer();
    const options = `-i ${privateKeyFile} -o UserKnownHostsFile=${knownHostsFile} -o BatchMode=yes`;
    return {
      url,
      env: {},
      resticArgs: ['-o', `sftp.args=${options}`],
      configuration: `    sftp: { privateKey: "file:${privateKeyFile}", knownHostsFile: "${knownHostsFile}" }`,
    };
  },
} as const satisfies Readonly<Record<string, AccessOf>>;

/** A function that runs restic on the repository. */
export async function resticAt({ url, env, restic, resticArgs = [] }: Access) {
  const program = restic ?? (await resticProgram('0.19.1'));
  const { PATH = '', HOME = '' } = process.env;
  return async (...args: readonly string[]): Promise<void> => {
    await execute(program, ['--no-cache', '--repo', url, ...resticArgs, ...args], {
      env: { PATH, HOME, RESTIC_PASSWORD: password, ...env },
    });
  };
}

/** Its certificate is none that Node trusts by itself, and nothing is secret here. */
async function makeContainer(endpoint: string, credential: StorageSharedKeyCredential): Promise<void> {
  const service = new BlobServiceClient(endpoint, credential, {
    tlsOptions: { rejectUnauthorized: false },
  } as never);
  await service.getContainerClient('backups').create();
}
