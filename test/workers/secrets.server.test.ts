import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startTemporalServer, type TemporalServer } from '../../tools/temporal-server.ts';
import { runCommand } from '../cli/command-line.ts';
import { startEndpoint } from '../http/server.ts';
import { startMailServer } from '../notify/mail-server.ts';
import { connectionUrl, postgresServer } from '../servers/postgres.ts';
import { temporalExecutable } from '../servers/temporal.ts';
import { workBench } from './bench.ts';
import { assertHidden, filesIn, histories } from './canaries.ts';
import { fillWithRandomFiles } from './installation.ts';
import { runByHand } from './run-by-hand.ts';

/** What a configuration refers to, each with a value that is found again wherever it gets. */
const names = [
  ...['DATABASE', 'CLOUD_KEY', 'CLOUD_SECRET', 'CLOUD_PASSWORD', 'PRUNE_PASSWORD', 'API_KEY'],
  ...['HOOK_URL', 'HOOK_HEADER', 'SLACK_URL', 'DISCORD_URL', 'SMTP_PASSWORD', 'PING_URL'],
] as const;

describe('secrets', () => {
  let server: TemporalServer;

  before(async () => {
    server = await startTemporalServer({ executable: await temporalExecutable(), headless: true });
  });

  after(() => server?.stop());

  test('of every field reach no log, history, file, message or output, whatever fails', async (t) => {
    await using refusing = await startEndpoint(() => ({
      status: 403,
      body: '<Error><Code>AccessDenied</Code></Error>',
    }));
    const passwords: string[] = [];
    await using mail = await startMailServer({
      authOptional: false,
      onAuth: ({ password }, _session, callback) => {
        passwords.push(password ?? '');
        callback(new Error('535 refused'));
      },
    });
    const postgres = await postgresServer(17);
    const canaries = Object.fromEntries(
      names.map((name) => [name, `canary${randomBytes(9).toString('hex')}`]),
    );
    const place = new URL(connectionUrl(postgres, 'postgres'));
    const env: Record<string, string> = {
      ...canaries,
      DATABASE: `postgresql://${place.username}:${canaries.DATABASE}@${place.host}/postgres`,
      ...Object.fromEntries(
        ['HOOK_URL', 'SLACK_URL', 'DISCORD_URL', 'PING_URL'].map((name) => [
          name,
          `${refusing.url}/${canaries[name]}`,
        ]),
      ),
    };
    const { installation, control, worker } = await workBench(t, server.address, {
      installation: configuration({ refusing: refusing.url, mailPort: mail.port }),
      worker: { env: { ...process.env, ...env } },
    });
    await fillWithRandomFiles(installation.docs, { files: 3, bytesEach: 1000 });
    for (const workflow of failing) {
      await runByHand(control, workflow.type, workflow.input).catch(() => undefined);
    }
    const cwd = installation.folder;
    const commands = [
      ['doctor'],
      ['status'],
      ['health'],
      ['notify', 'test'],
      ['audit', 'show'],
      ['backup', 'shop'],
    ];
    const ends = await Promise.all(
      [...commands, ['repo', 'snapshots', '--repository', 'cloud']].map((args) =>
        runCommand(args, { cwd, env }),
      ),
    );
    const found = {
      'the log of the worker': worker.log(),
      'what commands print': ends.map(({ stdout, stderr }) => stdout + stderr).join('\n'),
      'histories of Temporal': await histories(control),
      'the state folder': await filesIn(path.join(cwd, 'state')),
      'what channels were sent': refusing.received.map(({ body }) => body).join('\n'),
    };
    const used = refusing.received
      .map(({ path: asked, headers }) => asked + JSON.stringify(headers))
      .join('\n');
    for (const name of ['HOOK_URL', 'HOOK_HEADER', 'SLACK_URL', 'DISCORD_URL', 'PING_URL', 'CLOUD_KEY']) {
      assert.ok(used.includes(canaries[name] ?? '-'), `${name} was used`);
    }
    assert.ok(passwords.includes(canaries.SMTP_PASSWORD ?? '-'));
    assert.match(found['the log of the worker'], /SourceAuthentication/);
    assertHidden({ ...canaries, main: installation.password }, found);
  });
});

/** Runs that fail in as many ways as there are secrets, and those that look at what failed. */
const failing = [
  { type: 'backupSource', input: { source: 'docs' } },
  { type: 'backupSource', input: { source: 'shop' } },
  { type: 'backupSource', input: { source: 'far' } },
  { type: 'verification', input: { repository: 'cloud' } },
  { type: 'prune', input: { repository: 'main' } },
  { type: 'prune', input: { repository: 'cloud' } },
  { type: 'sweep', input: {} },
  { type: 'securityMonitoring', input: {} },
  { type: 'complianceCheck', input: {} },
  { type: 'analyticsReport', input: {} },
];

function configuration({ refusing, mailPort }: { readonly refusing: string; readonly mailPort: number }) {
  return {
    moreRepositories: `  cloud:
    url: "s3:${refusing}/bucket"
    password: env:CLOUD_PASSWORD
    prune: { password: env:PRUNE_PASSWORD }
    s3: { region: us-east-1, accessKeyId: env:CLOUD_KEY, secretAccessKey: env:CLOUD_SECRET }`,
    moreSources: `  shop: { kind: postgres, connection: env:DATABASE }
  far: { kind: files, paths: [docs], repository: cloud }`,
    more: `defaultRepository: main
api: { key: env:API_KEY }
notifications:
  channels:
    hook: { kind: webhook, url: env:HOOK_URL, headers: { X-Token: env:HOOK_HEADER } }
    chat: { kind: slack, url: env:SLACK_URL }
    game: { kind: discord, url: env:DISCORD_URL }
    post:
      kind: email
      to: [ops@example.com]
      smtp: { host: 127.0.0.1, port: ${mailPort}, user: me, password: env:SMTP_PASSWORD, tls: none }
  pings:
    all: { url: env:PING_URL, of: [docs, shop, far] }`,
  };
}
