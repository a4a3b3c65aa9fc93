import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openStore } from '../../../stores/open.ts';
import { runCommand } from '../../cli/command-line.ts';
import { temporaryFolder } from '../../repository/temporary-folder.ts';
import {
  appService,
  authority,
  type TokenServer,
  tokenServer,
  virtualMachine,
} from '../../servers/azure-identity.ts';
import { azureContainer } from '../../servers/azurite-with-tokens.ts';
import { faultProxy } from '../fault-proxy.ts';
import { tlsFront } from '../tls-front.ts';

const application = '00000000-0000-4000-8000-00000000bbbb';

test('a managed identity of App Service backs up, checks and restores', async (t) => {
  const { run, folder } = await place(t);
  const tokens = await tokenServer(t);
  const env = appService(tokens);
  const source = join(folder, 'source');
  await mkdir(source);
  const bytes = randomBytes(300_000);
  await writeFile(join(source, 'file'), bytes);
  await done(run(['repo', 'init'], env));
  await done(run(['repo', 'backup', source], env));
  await done(run(['repo', 'check', '--read-data'], env));
  await done(run(['repo', 'restore', 'latest', '--target', join(folder, 'target')], env));
  assert.deepEqual(await readFile(join(folder, 'target', source, 'file')), bytes);
  assert.equal(tokens.asked.length, 4, 'each command asked for one token');
});

test('a virtual machine, a service principal and a workload open the repository too', async (t) => {
  const { run, folder, tls, url } = await place(t);
  const machine = await tokenServer(t);
  const directory = await tokenServer(t, tls);
  await done(run(['repo', 'init'], { ...virtualMachine(machine), AZURE_CLIENT_ID: application }));
  assert.equal(
    machine.asked.at(-1)?.query.get('client_id'),
    application,
    'one of several identities is named',
  );

  const principal = { ...authority(directory), AZURE_CLIENT_ID: application };
  await done(run(['repo', 'snapshots'], { ...principal, AZURE_CLIENT_SECRET: 'hunter2' }));
  assert.equal(directory.asked.at(-1)?.form.get('client_secret'), 'hunter2');

  const file = join(folder, 'assertion');
  await writeFile(file, 'token of the workload');
  await done(run(['repo', 'snapshots'], { ...principal, AZURE_FEDERATED_TOKEN_FILE: file }));
  assert.equal(directory.asked.at(-1)?.form.get('client_assertion'), 'token of the workload');

  const configuration = join(folder, 'resguardo.yaml');
  await writeFile(
    configuration,
    JSON.stringify({
      repositories: {
        main: {
          url,
          password: 'env:RESGUARDO_PASSWORD',
          azure: { clientId: application, clientSecret: 'env:SECRET' },
        },
      },
    }),
  );
  await done(run(['snapshots', '--config', configuration], { ...authority(directory), SECRET: 'hunter3' }));
  assert.equal(directory.asked.at(-1)?.form.get('client_secret'), 'hunter3');
});

test('a token that ends under way is renewed before', async (t) => {
  const { url, env, tls } = await place(t);
  const tokens = await tokenServer(t);
  tokens.give({ lifeSeconds: 2 });
  // The SDK looks into the environment of the process.
  Object.assign(process.env, appService(tokens));
  const store = await openStore(url, { env, caFile: tls.certificate });
  t.after(() => store.close());
  const writeAndRead = async () => {
    const bytes = randomBytes(1000);
    const file = { type: 'data', name: hash('sha256', bytes) } as const;
    assert.equal(await store.save(file, [bytes]), 'stored');
    assert.deepEqual(await store.load(file), bytes);
  };
  await writeAndRead();
  const before = tokens.asked.length;
  tokens.give({});
  // Until the storage refuses the first one.
  await delay(3_000);
  await writeAndRead();
  assert.ok(tokens.asked.length > before);
});

test('each reason for which an identity opens nothing has its own message, with the mend', async (t) => {
  const { run, tls, endpoint } = await place(t);
  const tokens = await tokenServer(t);
  const directory = await tokenServer(t, tls);
  const told = async (env: Record<string, string>, ...expected: readonly RegExp[]) => {
    const { code, stderr } = await run(['repo', 'init'], env);
    assert.equal(code, 1, stderr);
    for (const pattern of expected) assert.match(stderr, pattern);
    assert.doesNotMatch(stderr, /hunter2/);
  };
  await told(
    {},
    /there are no credentials \(no identity\)/,
    /managed identity, with the role Storage Blob Data/,
  );

  tokens.give({ status: 400, body: '{"error":"invalid_request","error_description":"Identity not found"}' });
  await told(virtualMachine(tokens), /there are no credentials \(no identity\)/);

  tokens.give({ audience: 'https://vault.azure.net' });
  await told(appService(tokens), /the credentials are wrong/, /The token is for another service/);

  tokens.give({ lifeSeconds: -10, saidSeconds: 1000 });
  await told(appService(tokens), /the credentials have expired/, /clock/);

  tokens.give({});
  const proxy = await faultProxy(t, new URL(endpoint).origin);
  const front = await tlsFront(t, proxy.origin, tls);
  proxy.rules({ fault: refusal('AuthorizationPermissionMismatch') });
  const through = { AZURE_STORAGE_SERVICE_ENDPOINT: endpoint.replace(new URL(endpoint).origin, front) };
  await told({ ...appService(tokens), ...through }, /lack the right/, /role Storage Blob Data Contributor/);
  assert.deepEqual(
    proxy.seen.map(({ method }) => method),
    ['HEAD', 'GET'],
    'it was asked why, and not tried again',
  );

  const principal = { ...authority(directory), AZURE_CLIENT_ID: application, AZURE_CLIENT_SECRET: 'hunter2' };
  directory.give(directoryError(7_000_215, 'Invalid client secret provided.'));
  await told(principal, /the credentials are wrong \(AADSTS7000215\)/, /takes its value and not its ID/);
});

function refusal(code: string) {
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>This request is not authorized to perform this operation using this permission.</Message></Error>`;
  return {
    kind: 'answer',
    status: 403,
    headers: { 'content-type': 'application/xml', 'x-ms-error-code': code },
    body,
  } as const;
}

function directoryError(code: number, text: string): Parameters<TokenServer['give']>[0] {
  const body = { error: 'invalid_client', error_description: `AADSTS${code}: ${text}`, error_codes: [code] };
  return { status: 401, body: JSON.stringify(body) };
}

async function done(run: ReturnType<typeof runCommand>): Promise<void> {
  const { code, stderr } = await run;
  assert.equal(code, 0, stderr);
}

/** A container of its own at an Azurite that takes tokens, and the commands of a user there. */
async function place(t: TestContext) {
  const { endpoint, tls, container } = await azureContainer(t);
  const url = `azure:${container}:/main`;
  const env = { AZURE_STORAGE_SERVICE_ENDPOINT: endpoint };
  const run = (args: readonly string[], more: Record<string, string>) =>
    runCommand([...args, ...(args.includes('--config') ? [] : ['--repo', url])], {
      env: { ...env, RESGUARDO_PASSWORD: 'correct horse', RESTIC_CACERT: tls.certificate, ...more },
    });
  return { url, env, tls, endpoint, folder: await temporaryFolder(t), run };
}
