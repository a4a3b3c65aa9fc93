import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { type FailureType, isFailure } from '../../../contracts/failures.ts';
import { openStore } from '../../../stores/open.ts';
import { azuriteServer } from '../../servers/azurite.ts';
import { places } from '../test-stores.ts';

const hourMs = 3_600_000;
const config = { type: 'config', name: '' } as const;

test('a shared access signature that has ended, or lacks a right, is told as that, for a HEAD too', async (t) => {
  const { url } = await places.azure(t);
  const { endpoint, account, key } = await azuriteServer();
  const storeWith = async (rights: string, endsInMs: number) => {
    const wish = {
      containerName: url.split(':')[1] ?? '',
      permissions: ContainerSASPermissions.parse(rights),
      startsOn: new Date(Date.now() - 2 * hourMs),
      expiresOn: new Date(Date.now() + endsInMs),
    };
    const signature = generateBlobSASQueryParameters(wish, new StorageSharedKeyCredential(account, key));
    const connection = `BlobEndpoint=${endpoint};SharedAccessSignature=${signature}`;
    const store = await openStore(url, { env: { AZURE_STORAGE_CONNECTION_STRING: connection } });
    t.after(() => store.close());
    return store;
  };
  const told = (type: FailureType, pattern: RegExp) => (error: unknown) => {
    assert.ok(isFailure(error, type), String(error));
    assert.match(`${error.message} ${error.advice}`, pattern);
    return true;
  };
  const ended = await storeWith('racwdl', -hourMs);
  await assert.rejects(ended.size(config), told('StoreAuthentication', /credentials have expired/));
  const blind = await storeWith('c', hourMs);
  await assert.rejects(blind.size(config), told('StoreForbidden', /the right to read blobs/));
  await assert.rejects(blind.create(), told('StoreForbidden', /the right to list blobs/));
  const reader = await storeWith('rl', hourMs);
  assert.equal(await reader.size(config), undefined);
  await assert.rejects(reader.save(config, []), told('StoreForbidden', /the right to create blobs/));
});
