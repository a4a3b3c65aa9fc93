import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { BlobServiceClient, newPipeline, StorageSharedKeyCredential } from '@azure/storage-blob';
import { ensureAzurite } from '../../tools/azurite.ts';
import { startAzurite } from '../../tools/azurite-server.ts';
import { makeCertificate, type TestCertificate } from '../stores/certificate.ts';
import { printNotice } from './environment.ts';

export interface AzureContainer {
  /** `https://127.0.0.1:PORT/ACCOUNT`. */
  readonly endpoint: string;
  /** Its own authority. */
  readonly tls: TestCertificate;
  readonly container: string;
}

let own: Promise<Server> | undefined;

after(async () => (await own?.catch(() => undefined))?.stop());

/** A container at an Azurite of this test file that speaks HTTPS and takes bearer tokens. */
export async function azureContainer(t: TestContext): Promise<AzureContainer> {
  own ??= start();
  const { endpoint, account, key, tls } = await own;
  const pipeline = newPipeline(new StorageSharedKeyCredential(account, key));
  const agent = new Agent({ ca: await readFile(tls.certificate) });
  pipeline.factories.push({
    create: (next) => ({
      sendRequest: (request) => {
        request.agent = agent;
        return next.sendRequest(request);
      },
    }),
  });
  const container = `test-${randomBytes(8).toString('hex')}`;
  await new BlobServiceClient(endpoint, pipeline).getContainerClient(container).create();
  t.after(() => agent.destroy());
  return { endpoint, tls, container };
}

type Server = Awaited<ReturnType<typeof startAzurite>> & { readonly tls: TestCertificate };

async function start(): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'resguardo-azurite-tls-'));
  const tls = await makeCertificate(folder, ['localhost']);
  const script = await ensureAzurite({ onNotice: printNotice });
  const server = await startAzurite({ script, tls, takesTokens: true });
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...server, tls, stop };
}
