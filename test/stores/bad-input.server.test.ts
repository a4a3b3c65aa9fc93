import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { type FailureType, isFailure } from '../../contracts/failures.ts';
import { openStore } from '../../stores/open.ts';
import type { StoreSettings } from '../../stores/settings.ts';
import { ensureMinio } from '../../tools/minio.ts';
import { startMinio } from '../../tools/minio-server.ts';
import { runCommand } from '../cli/command-line.ts';
import { temporaryFolder } from '../repository/temporary-folder.ts';
import { azuriteServer } from '../servers/azurite.ts';
import { fakeGcsServer } from '../servers/fake-gcs.ts';
import { createBucket, minioServer } from '../servers/minio.ts';
import { createUser } from '../servers/minio-user.ts';
import { makeCertificate } from './certificate.ts';
import { places } from './test-stores.ts';

/** What a person gets wrong, against the real servers: each has its own message, and the mend. */

const retry = { initialMs: 5, longestMs: 20, totalMs: 200 };

interface Wrong {
  readonly url: string;
  readonly settings: StoreSettings;
  readonly type: FailureType;
  readonly message: RegExp;
  readonly advice: RegExp;
}

async function assertTold(t: TestContext, { url, settings, type, message, advice }: Wrong): Promise<void> {
  const opened = openStore(url, { ...settings, retry });
  const attempt = opened.then(async (store) => {
    t.after(() => store.close());
    await store.create();
  });
  await assert.rejects(attempt, (error) => {
    assert.ok(isFailure(error, type), String(error));
    assert.match(error.message, message);
    assert.match(error.advice, advice);
    assert.doesNotMatch(`${error.message} ${error.advice}`, /hunter2/);
    return true;
  });
}

test('a bucket or container that is missing is named', async (t) => {
  const s3 = await places.s3(t);
  const told = { type: 'RepositoryNotFound', advice: /Create it|correct its name/ } as const;
  const { endpoint } = await minioServer();
  await assertTold(t, {
    ...s3,
    ...told,
    url: `s3:${endpoint}/no-such-bucket`,
    message: /no-such-bucket.*NoSuchBucket/,
  });
  const azure = await places.azure(t);
  await assertTold(t, { ...azure, ...told, url: 'azure:no-such-container:/', message: /no-such-container/ });
  const gcs = await places.gcs(t);
  await assertTold(t, { ...gcs, ...told, url: 'gs:no-such-bucket:/', message: /no-such-bucket/ });
});

test('a wrong key is told from an unknown one', async (t) => {
  const { url } = await places.s3(t);
  const { accessKeyId } = await minioServer();
  const s3 = { accessKeyId: 'env:KEY_ID', secretAccessKey: 'env:SECRET_KEY' };
  const type = 'StoreAuthentication';
  await assertTold(t, {
    url,
    settings: { env: { KEY_ID: accessKeyId, SECRET_KEY: 'hunter2hunter2' }, s3 },
    type,
    message: /SignatureDoesNotMatch/,
    advice: /secret key is wrong/,
  });
  await assertTold(t, {
    url,
    settings: { env: { KEY_ID: 'nobody', SECRET_KEY: 'hunter2hunter2' }, s3 },
    type,
    message: /InvalidAccessKeyId/,
    advice: /access key is unknown/,
  });
  const { endpoint, account } = await azuriteServer();
  const wrongKey = Buffer.from('hunter2').toString('base64');
  const text = `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${wrongKey};BlobEndpoint=${endpoint}`;
  const azure = await places.azure(t);
  await assert.rejects(
    openStore(azure.url, { env: { AZURE_STORAGE_CONNECTION_STRING: text }, retry }).then((store) =>
      store.create(),
    ),
    (error) => isFailure(error, 'StoreAuthentication') || isFailure(error, 'StoreForbidden'),
  );
});

test('a wrong key is told as that by a command that asks for the size of an object first', async (t) => {
  const { url } = await places.s3(t);
  const { accessKeyId } = await minioServer();
  const { code, stderr } = await runCommand(['repo', 'init', '--repo', url], {
    env: {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: 'hunter2hunter2',
      RESGUARDO_PASSWORD: 'correct horse',
    },
  });
  assert.equal(code, 1);
  assert.match(stderr, /the credentials are wrong \(SignatureDoesNotMatch/);
});

test('a bucket of another region is told with its region', async (t) => {
  const server = await startMinio({ executable: await ensureMinio(), region: 'eu-north-1' });
  t.after(() => server.stop());
  const bucket = await createBucket(server, 'eu-north-1');
  const env = { KEY_ID: server.accessKeyId, SECRET_KEY: server.secretAccessKey };
  const s3 = { accessKeyId: 'env:KEY_ID', secretAccessKey: 'env:SECRET_KEY' };
  const url = `s3:${server.endpoint}/${bucket.name}`;
  await assertTold(t, {
    url,
    settings: { env, s3 },
    type: 'InvalidConfiguration',
    message: /another region \(AuthorizationHeaderMalformed/,
    advice: /AWS_REGION.* to eu-north-1\./,
  });
  const store = await openStore(url, { env, s3: { ...s3, region: 'eu-north-1' } });
  t.after(() => store.close());
  await store.create();
});

test('a right that the credentials lack is named, for each kind of request', async (t) => {
  const server = await minioServer();
  const bucket = await createBucket(server);
  t.after(() => bucket.remove());
  const statement = (Action: string, Resource: string) => ({
    Effect: 'Allow',
    Action: [Action],
    Resource: [Resource],
  });
  const resource = `arn:aws:s3:::${bucket.name}`;
  const user = await createUser(server, {
    Version: '2012-10-17',
    Statement: [statement('s3:GetObject', `${resource}/*`)],
  });
  const env = { KEY_ID: user.accessKeyId, SECRET_KEY: user.secretAccessKey };
  const s3 = { accessKeyId: 'env:KEY_ID', secretAccessKey: 'env:SECRET_KEY' };
  const store = await openStore(`s3:${server.endpoint}/${bucket.name}`, { env, s3, retry });
  t.after(() => store.close());
  const file = { type: 'index', name: '0'.repeat(64) } as const;
  for (const [work, right] of [
    [() => store.create(), 's3:ListBucket'],
    [() => store.save(file, [Buffer.from('x')]), 's3:PutObject'],
    [() => store.remove(file), 's3:DeleteObject'],
  ] as const) {
    await assert.rejects(work(), (error) => {
      assert.ok(isFailure(error, 'StoreForbidden'), String(error));
      assert.ok(error.message.startsWith(`${right} failed on bucket ${bucket.name}`), error.message);
      assert.equal(error.advice, `Grant ${right} on the bucket to the credentials in use.`);
      return true;
    });
  }
});

test('a clock that is off is told by the real service', async (t) => {
  const { url } = await places.s3(t);
  const { accessKeyId, secretAccessKey } = await minioServer();
  // All that the program knows of the time is 20 minutes behind.
  const late =
    'const D=Date,o=-1200000;globalThis.Date=class extends D{constructor(...a){a.length?super(...a):super(D.now()+o)}static now(){return D.now()+o}}';
  const { code, stderr } = await runCommand(['repo', 'snapshots', '--repo', url], {
    env: {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      RESGUARDO_PASSWORD: 'correct horse',
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(late)}`,
    },
  });
  assert.equal(code, 1, stderr);
  assert.match(
    stderr,
    /the clock of this machine differs too much from that of the service \(RequestTimeTooSkewed/,
  );
  assert.match(stderr, /Set the clock/);
});

test('a secret that is not there is named by its reference', async (t) => {
  const { url } = await places.s3(t);
  await assertTold(t, {
    url,
    settings: { env: {}, s3: { accessKeyId: 'env:KEY_ID', secretAccessKey: 'env:SECRET_KEY' } },
    type: 'SecretUnavailable',
    message: /KEY_ID/,
    advice: /Set/,
  });
});

test('a host that is unknown or does not answer is told with its mend', async (t) => {
  const { settings } = await places.s3(t);
  const type = 'StoreUnavailable';
  await assertTold(t, {
    url: 's3:https://no-such-host.invalid/bucket',
    settings,
    type,
    message: /no-such-host\.invalid.*(unknown|network)/,
    advice: /host|network/,
  });
  await assertTold(t, {
    url: 's3:http://127.0.0.1:1/bucket',
    settings,
    type,
    message: /127\.0\.0\.1:1: nobody answers/,
    advice: /host and port/,
  });
  await assertTold(t, {
    url: 'gs:some-bucket:/',
    settings: { env: { STORAGE_EMULATOR_HOST: '127.0.0.1:1' } },
    type,
    message: /nobody answers/,
    advice: /gcs\.endpoint/,
  });
  const env = { AZURE_ACCOUNT_NAME: 'name', AZURE_ACCOUNT_KEY: 'a2V5', AZURE_ENDPOINT_SUFFIX: 'no.invalid' };
  await assertTold(t, {
    url: 'azure:container:/',
    settings: { env },
    type,
    message: /name\.blob\.no\.invalid: the name of the host is unknown/,
    advice: /AZURE_ACCOUNT_NAME/,
  });
  const sftp = { knownHostsFile: '/dev/null', password: 'env:PASSWORD' };
  for (const [host, message] of [
    ['no-such-host.invalid', /the name of the host is unknown/],
    ['127.0.0.1:1', /nobody answers/],
  ] as const) {
    const url = `sftp://user@${host}//srv`;
    const given = { env: { PASSWORD: 'hunter2' }, sftp };
    await assertTold(t, { url, settings: given, type, message, advice: /host/ });
  }
});

test('a certificate that nobody trusts is told, and trusted once its authority is named', async (t) => {
  const { settings } = await places.s3(t);
  const tls = await makeCertificate(await temporaryFolder(t), ['localhost']);
  const server = createServer(
    { cert: await readFile(tls.certificate), key: await readFile(tls.key) },
    (_, answer) => {
      answer.writeHead(404, { 'content-type': 'application/xml' });
      answer.end('<Error><Code>NoSuchBucket</Code></Error>');
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `s3:https://127.0.0.1:${(server.address() as AddressInfo).port}/bucket`;
  await assertTold(t, {
    url,
    settings,
    type: 'InvalidConfiguration',
    message: /certificate is not trusted/,
    advice: /caFile/,
  });
  await assertTold(t, {
    url,
    settings: { ...settings, caFile: tls.certificate },
    type: 'RepositoryNotFound',
    message: /NoSuchBucket/,
    advice: /Create it/,
  });
});

test('names that no service can have are refused before anything is asked', async (t) => {
  const settings = { env: {} };
  for (const [url, message] of [
    ['azure:ab:/x', /"ab" cannot be a container: 3 to 63/],
    ['azure:Upper:/x', /"Upper" cannot be a container/],
    ['gs:a:/x', /"a" cannot be a bucket/],
    ['s3:https://host/ab', /"ab" cannot be a bucket: 3 to 63/],
    ['sftp:host', /another form/],
    ['sftp:user:hunter2@host:/x', /must not hold a password/],
    ['sftp:-oProxyCommand=x:/y', /malformed|another form/],
  ] as const) {
    await assertTold(t, { url, settings, type: 'InvalidConfiguration', message, advice: /./ });
  }
});

test('an Azure account that is not named, or whose connection string is malformed, is told', async (t) => {
  const url = 'azure:container:/x';
  const type = 'InvalidConfiguration';
  await assertTold(t, {
    url,
    settings: { env: {} },
    type,
    message: /not named/,
    advice: /AZURE_ACCOUNT_NAME/,
  });
  const env = { AZURE_STORAGE_CONNECTION_STRING: 'AccountKey=hunter2' };
  await assertTold(t, { url, settings: { env }, type, message: /malformed/, advice: /Copy it anew/ });
});

test('a private key that is none, or that lacks its passphrase, is told at once', async (t) => {
  const { url, settings } = await places.sftp(t);
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'right' },
  });
  const env = { KEY: privateKey, NONE: 'hunter2', WRONG: 'hunter2' };
  const told = { url, type: 'StoreAuthentication', advice: /sftp\.passphrase/ } as const;
  const key = { ...settings.sftp, privateKey: 'env:KEY' };
  await assertTold(t, { ...told, settings: { env, sftp: key }, message: /no passphrase given/ });
  const wrong = { ...key, passphrase: 'env:WRONG' };
  await assertTold(t, { ...told, settings: { env, sftp: wrong }, message: /Cannot parse privateKey/ });
  const none = { ...key, privateKey: 'env:NONE' };
  await assertTold(t, { ...told, settings: { env, sftp: none }, message: /Unsupported key format/ });
});

test('Google credentials that are no JSON are told without showing them', async (t) => {
  const { url } = await places.gcs(t);
  await fakeGcsServer();
  const settings = {
    env: { CREDENTIALS: `hunter2${randomBytes(4).toString('hex')}` },
    gcs: { credentials: 'env:CREDENTIALS' },
  };
  await assertTold(t, {
    url,
    settings,
    type: 'InvalidConfiguration',
    message: /no JSON object/,
    advice: /key file/,
  });
});
