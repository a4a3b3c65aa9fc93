import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../contracts/failures.ts';
import { openStore } from '../../stores/open.ts';
import { temporaryFolder } from '../repository/temporary-folder.ts';
import { minioServer } from '../servers/minio.ts';
import { makeCertificate, type TestCertificate } from './certificate.ts';
import { tlsFront } from './tls-front.ts';

test('a certificate that has expired is told as that, though its authority is known', async (t) => {
  const tls = await makeCertificate(await temporaryFolder(t), [], { isExpired: true });
  await assertTold(t, await front(t, tls), {
    caFile: tls.certificate,
    message: /certificate has expired, or does not count yet \(CERT_HAS_EXPIRED/,
    advice: /Renew the certificate .* clock/,
  });
});

test('a certificate for another name is told with the name to use', async (t) => {
  const tls = await makeCertificate(await temporaryFolder(t), ['storage.example']);
  const origin = (await front(t, tls)).replace('127.0.0.1', 'localhost');
  await assertTold(t, origin, {
    caFile: tls.certificate,
    message: /certificate is for another name/,
    advice: /as the certificate has it/,
  });
});

test('https to a port that speaks http is told as that', async (t) => {
  const { endpoint } = await minioServer();
  await assertTold(t, endpoint.replace('http:', 'https:'), {
    message: /speaks no TLS/,
    advice: /begin with http:/,
  });
});

async function front(t: TestContext, tls: TestCertificate): Promise<string> {
  return await tlsFront(t, (await minioServer()).endpoint, tls);
}

interface Told {
  readonly caFile?: string;
  readonly message: RegExp;
  readonly advice: RegExp;
}

async function assertTold(t: TestContext, origin: string, { caFile, message, advice }: Told): Promise<void> {
  const s3 = { accessKeyId: 'env:KEY', secretAccessKey: 'env:KEY' };
  const store = await openStore(`s3:${origin}/bucket`, { env: { KEY: 'key' }, s3, caFile });
  t.after(() => store.close());
  await assert.rejects(store.create(), (error) => {
    assert.ok(isFailure(error, 'InvalidConfiguration'), String(error));
    assert.match(error.message, message);
    assert.match(error.advice, advice);
    return true;
  });
}
