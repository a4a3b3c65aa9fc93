import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { openStore } from '../../stores/open.ts';
import type { StoreSettings } from '../../stores/settings.ts';
import type { Store } from '../../stores/store.ts';
import { azuriteServer } from '../servers/azurite.ts';
import { fakeGcsServer } from '../servers/fake-gcs.ts';
import { createBucket, minioServer } from '../servers/minio.ts';
import { sshServer } from '../servers/sshd.ts';

/** Where a test keeps a repository of its own on a real server, and how to get at it. */
export interface TestPlace {
  readonly url: string;
  readonly settings: StoreSettings;
  /** Origin of the server, to put a proxy before it: `http://127.0.0.1:PORT`, or `tcp://…` for SSH. */
  readonly origin: string;
}

export type ServiceKind = 's3' | 'azure' | 'gcs' | 'sftp';

/** Makes an empty place, removed when the test has ended. `at` is the origin to use instead of the server's. */
export const places: Readonly<Record<ServiceKind, (t: TestContext, at?: string) => Promise<TestPlace>>> = {
  s3: async (t, at) => {
    const server = await minioServer();
    const bucket = await createBucket(server);
    t.after(() => bucket.remove());
    const env = { KEY_ID: server.accessKeyId, SECRET_KEY: server.secretAccessKey };
    return {
      url: `s3:${at ?? server.endpoint}/${bucket.name}/some/prefix`,
      settings: { env, s3: { accessKeyId: 'env:KEY_ID', secretAccessKey: 'env:SECRET_KEY' } },
      origin: server.endpoint,
    };
  },
  azure: async (t, at) => {
    const { endpoint, account, key } = await azuriteServer();
    const credential = new StorageSharedKeyCredential(account, key);
    const container = new BlobServiceClient(endpoint, credential).getContainerClient(uniqueName());
    await container.create();
    t.after(() => container.delete());
    const origin = new URL(endpoint).origin;
    const blobEndpoint = endpoint.replace(origin, at ?? origin);
    const protocol = new URL(blobEndpoint).protocol.slice(0, -1);
    const connection = {
      DefaultEndpointsProtocol: protocol,
      AccountName: account,
      AccountKey: key,
      BlobEndpoint: blobEndpoint,
    };
    const text = Object.entries(connection).map((field) => field.join('='));
    return {
      url: `azure:${container.containerName}:/some/prefix`,
      settings: { env: { AZURE_STORAGE_CONNECTION_STRING: text.join(';') } },
      origin,
    };
  },
  gcs: async (t, at) => {
    const { endpoint } = await fakeGcsServer();
    const name = uniqueName();
    const headers = { 'content-type': 'application/json' };
    await fetch(`${endpoint}/storage/v1/b?project=test`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ name }),
    });
    t.after(() => emptyGcsBucket(endpoint, name));
    const env = { STORAGE_EMULATOR_HOST: at ?? endpoint };
    return { url: `gs:${name}:/some/prefix`, settings: { env }, origin: endpoint };
  },
  sftp: async (t, at) => {
    const { host, port, user, privateKeyFile, knownHostsFile, folder } = await sshServer();
    const own = await mkdtemp(join(folder, 'test-'));
    const { uid, gid } = await stat(folder);
    await chown(own, uid, gid);
    t.after(() => rm(own, { recursive: true, force: true }));
    const address = at === undefined ? `${host}:${port}` : new URL(at).host;
    return {
      url: `sftp://${user}@${address}/${own}/repository`,
      settings: { env: {}, sftp: { privateKey: `file:${privateKeyFile}`, knownHostsFile } },
      origin: `tcp://${host}:${port}`,
    };
  },
};

/** Opens a new place, and closes it when the test has ended. */
export async function openTestStore(
  t: TestContext,
  kind: ServiceKind,
  extra: Partial<StoreSettings> = {},
): Promise<Store> {
  const { url, settings } = await places[kind](t);
  const store = await openStore(url, { ...settings, ...extra });
  t.after(() => store.close());
  return store;
}

function uniqueName(): string {
  return `test-${randomBytes(8).toString('hex')}`;
}

async function emptyGcsBucket(endpoint: string, bucket: string): Promise<void> {
  const objects = `${endpoint}/storage/v1/b/${bucket}/o`;
  const listed: { items?: { name: string }[] } = JSON.parse(await (await fetch(objects)).text());
  for (const { name } of listed.items ?? []) {
    await fetch(`${objects}/${encodeURIComponent(name)}`, { method: 'DELETE' });
  }
  await fetch(`${endpoint}/storage/v1/b/${bucket}`, { method: 'DELETE' });
}
