import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connectControl } from '../../control/client.ts';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { runCommand } from '../cli/command-line.ts';
import { startEndpoint } from '../http/server.ts';
import { connectionUrl, createDatabase, postgresServer } from '../servers/postgres.ts';
import { sshServer } from '../servers/sshd.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { assertHidden, filesIn, histories } from './canaries.ts';
import { cleanUp } from './clean-up.ts';
import { fillWithRandomFiles, install } from './installation.ts';
import { runByHand } from './run-by-hand.ts';
import { runWorkers } from './running-worker.ts';

/** Each in the files of the installation, under its name. */
function makeSecrets(refusing: string) {
  const canary = (): string => `canary${randomBytes(9).toString('hex')}`;
  const passphrase = canary();
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem', cipher: 'aes-128-cbc', passphrase },
  });
  const canaries = {
    'azure-key': canary(),
    'azure-signature': canary(),
    'gcs.json': canary(),
    'ssh-password': canary(),
    'ssh-passphrase': canary(),
    'ssh-key': privateKey.split('\n').at(-4) ?? '',
    'temporal.key': randomBytes(32).toString('base64'),
    'old-temporal.key': randomBytes(32).toString('base64'),
  };
  const account = `DefaultEndpointsProtocol=http;BlobEndpoint=${refusing}/vault`;
  const files = {
    ...canaries,
    'ssh-key': privateKey,
    'gcs.json': JSON.stringify({ type: 'service_account', private_key: canaries['gcs.json'] }),
    'azure-key': `${account};AccountName=vault;AccountKey=${canaries['azure-key']}`,
    'azure-signature': `${account};SharedAccessSignature=sv=2024-01-01&sig=${canaries['azure-signature']}`,
  };
  return { canaries, files };
}

describe('secrets', () => {
  let server: TemporalServer;

  before(async () => {
    server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => server?.stop());

  test('of stores, of the catalog and of the codec reach nothing that is kept or told', async (t) => {
    await using refusing = await startEndpoint(() => ({
      status: 403,
      body: '<Error><Code>AuthenticationFailed</Code></Error>',
    }));
    const ssh = await sshServer();
    const postgres = await postgresServer(17);
    const database = await createDatabase(postgres, 'catalog');
    t.after(() => database.drop());
    const { canaries, files } = makeSecrets(refusing.url);
    const wrong = new URL(connectionUrl(postgres, database.name));
    wrong.password = `canary${randomBytes(9).toString('hex')}`;
    const installation = await install({ address: server.address, ...configuration(ssh, refusing.url) });
    cleanUp(t, () => installation.remove());
    const cwd = installation.folder;
    for (const [name, text] of Object.entries(files))
      await writeFile(path.join(cwd, name), text, { mode: 0o600 });
    await writeFile(path.join(cwd, 'catalog'), wrong.href, { mode: 0o600 });
    await fillWithRandomFiles(installation.docs, { files: 3, bytesEach: 1000 });

    const worker = await runWorkers(installation);
    cleanUp(t, () => worker.stop());
    const control = await connectControl({ settings: installation.configuration.temporal, env: process.env });
    cleanUp(t, () => control.close());
    for (const repository of stores)
      await runByHand(control, 'verification', { repository }).catch(() => undefined);
    for (const workflow of ['securityMonitoring', 'complianceCheck', 'analyticsReport'])
      await runByHand(control, workflow, {}).catch(() => undefined);
    const commands = [
      ...[['doctor'], ['status'], ['health'], ['audit', 'show'], ['catalog', 'rebuild']],
      ...stores.map((name) => ['repo', 'snapshots', '--repository', name]),
    ];
    const ends = await Promise.all(commands.map((args) => runCommand(args, { cwd })));
    const used = refusing.received.map(({ path: asked, headers }) => asked + JSON.stringify(headers));
    assert.ok(used.some((text) => text.includes('SharedKey vault:')));
    assert.ok(used.some((text) => text.includes(canaries['azure-signature'])));
    assertHidden(
      { ...canaries, catalog: wrong.password, main: installation.password },
      {
        'the log of the worker': worker.log(),
        'what commands print': ends.map(({ stdout, stderr }) => stdout + stderr).join('\n'),
        'histories of Temporal': await histories(control),
        'the state folder': await filesIn(path.join(cwd, 'state')),
      },
    );
  });
});

const stores = ['azure', 'signed', 'google', 'far', 'keyed', 'locked'] as const;

function configuration(
  ssh: {
    readonly user: string;
    readonly host: string;
    readonly port: number;
    readonly knownHostsFile: string;
    readonly folder: string;
  },
  refusing: string,
) {
  const url = `sftp://${ssh.user}@${ssh.host}:${ssh.port}/${ssh.folder}/none`;
  const known = `knownHostsFile: "${ssh.knownHostsFile}"`;
  return {
    temporal: 'encryption: { key: "file:temporal.key", oldKeys: ["file:old-temporal.key"] }',
    moreRepositories: `  azure: { url: "azure:box:/", password: "file:key", azure: { connectionString: "file:azure-key" } }
  signed: { url: "azure:box:/", password: "file:key", azure: { connectionString: "file:azure-signature" } }
  google: { url: "gs:box:/", password: "file:key", gcs: { credentials: "file:gcs.json", endpoint: "${refusing}" } }
  far: { url: "${url}", password: "file:key", sftp: { password: "file:ssh-password", ${known} } }
  keyed: { url: "${url}", password: "file:key", sftp: { privateKey: "file:ssh-key", ${known} } }
  locked:
    url: "${url}"
    password: "file:key"
    sftp: { privateKey: "file:ssh-key", passphrase: "file:ssh-passphrase", ${known} }`,
    more: `defaultRepository: main
catalog: { connection: "file:catalog" }`,
  };
}
