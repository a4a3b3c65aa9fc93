import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { ensureAzurite } from '../../tools/azurite.ts';
import { startAzurite } from '../../tools/azurite-server.ts';
import { ensureCompleteRestic } from '../../tools/restic.ts';
import { runCommand, temporaryFolder } from '../cli/command-line.ts';
import { printNotice } from '../servers/environment.ts';
import { minioServer } from '../servers/minio.ts';
import { resticProgram } from '../servers/restic.ts';
import { sshServer } from '../servers/sshd.ts';
import { makeCertificate } from './certificate.ts';
import { connectProxy } from './connect-proxy.ts';
import { places } from './test-stores.ts';

const execute = promisify(execFile);

/** How each of the two gets at one repository. */
interface Access {
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

const password = 'correct horse';

const accesses: Readonly<Record<string, (t: TestContext) => Promise<Access>>> = {
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
};

for (const [scheme, accessOf] of Object.entries(accesses)) {
  test(`restic opens our ${scheme} repository and restores from it, and we do from what it stores there`, async (t) => {
    const access = await accessOf(t);
    const folder = await temporaryFolder(t);
    const ours = await oursAt(access, folder);
    const restic = await resticAt(access);
    const source = join(folder, 'source');
    await mkdir(source);
    await writeFile(join(source, 'first'), 'stored by us');
    await ours('repo', 'init');
    await ours('repo', 'backup', source);
    await restic('check', '--read-data');
    await restic('restore', 'latest', '--target', join(folder, 'by-restic'));
    assert.equal(await readFile(join(folder, 'by-restic', source, 'first'), 'utf8'), 'stored by us');

    if (access.resticOnlyReads === true) return;
    await writeFile(join(source, 'second'), 'stored by restic');
    await restic('backup', source);
    await ours('repo', 'check', '--read-data');
    await ours('repo', 'restore', 'latest', '--target', join(folder, 'by-us'));
    assert.equal(await readFile(join(folder, 'by-us', source, 'second'), 'utf8'), 'stored by restic');
  });
}

async function oursAt({ url, env, oursAlone, configuration }: Access, folder: string) {
  const access = ['--repo', url];
  if (configuration !== undefined) {
    const file = join(folder, 'resguardo.yaml');
    await writeFile(join(folder, 'key'), password, { mode: 0o600 });
    await writeFile(
      file,
      `repositories:\n  main:\n    url: ${url}\n    password: file:key\n${configuration}\n`,
    );
    access.splice(0, 2, '--config', file);
  }
  return async (...args: readonly string[]): Promise<void> => {
    const all = { RESGUARDO_PASSWORD: password, ...env, ...oursAlone };
    const { code, stderr } = await runCommand([...args, ...access], { env: all });
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  };
}

async function resticAt({ url, env, restic, resticArgs = [] }: Access) {
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
