import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { channelSchema } from '../../configuration/notifications-schema.ts';
import { type Failure, isFailure } from '../../contracts/failures.ts';
import type { Notification } from '../../contracts/notifications.ts';
import type { Channel } from '../../notify/channel.ts';
import { createChannels } from '../../notify/channels.ts';
import { discordMessage } from '../../notify/discord.ts';
import { sendTest } from '../../notify/notifier.ts';
import { render } from '../../notify/render.ts';
import { Secret } from '../../secrets/secret.ts';
import { selfSigned } from '../http/certificate.ts';
import { startEndpoint } from '../http/server.ts';
import { startMailServer } from './mail-server.ts';

const token = 'xoxSecretPath99';
const password = 'p4ssw0rd-canary';

const notification: Notification = {
  id: 'run-1',
  topic: 'backup/shop',
  kind: 'problem',
  severity: 'critical',
  title: 'Backup of shop',
  message: 'Cannot connect to db1:5432 <shop & co>: the connection is refused',
  advice: 'Check that the server runs.',
  command: 'resguardo backup shop',
  facts: { Host: 'db1', Run: 'backup/shop' },
  at: '2026-11-21T02:03:04.000Z',
  since: '2026-11-21T02:03:04.000Z',
  occurrences: 1,
};
const message = { id: 'message-1', notification, rendered: render(notification) };
const signal = new AbortController().signal;

function channelOf(settings: unknown, secrets: Record<string, string> = {}, timeoutMs?: number): Channel {
  const [channel] = createChannels(
    { channels: { ops: channelSchema.parse(settings) } },
    {
      resolve: async (reference) => new Secret(secrets[reference] ?? ''),
      host: 'db1',
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    },
  );
  assert.ok(channel);
  return channel;
}

async function failureOf(attempt: Promise<unknown>): Promise<Failure> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(isFailure(error), String(error));
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    const shown = JSON.stringify([current.message, current.stack, { ...current }]);
    assert.equal(shown.includes(token) || shown.includes(password), false, shown);
    assert.equal(shown.includes(Buffer.from(password).toString('base64')), false, shown);
  }
  return error;
}

const slack = (url: string, timeoutMs?: number) =>
  channelOf({ kind: 'slack', url: 'env:URL' }, { 'env:URL': `${url}/services/${token}` }, timeoutMs);
const mail = (port: number, smtp: object = {}, timeoutMs?: number) =>
  channelOf(
    {
      kind: 'email',
      to: ['ops@example.com', 'boss@example.com'],
      smtp: { host: '127.0.0.1', port, ...smtp },
    },
    { 'env:PW': password },
    timeoutMs,
  );

test('Slack gets what failed, why and what to do, without letting the text be markup', async () => {
  await using endpoint = await startEndpoint(() => ({ status: 200, body: 'ok' }));
  await slack(endpoint.url).send(message, signal);
  const [request] = endpoint.received;
  assert.equal(request?.path, `/services/${token}`);
  const sent = JSON.parse(request.body);
  assert.equal(sent.text, '[Resguardo] FAILED: Backup of shop');
  assert.equal(sent.blocks[0].text.text, '🔴 [Resguardo] FAILED: Backup of shop');
  assert.equal(
    sent.blocks[1].text.text,
    'Cannot connect to db1:5432 &lt;shop &amp; co&gt;: the connection is refused\n' +
      '*What to do:* Check that the server runs.\n```resguardo backup shop```',
  );
  assert.deepEqual(
    sent.blocks[2].elements.map((element: { text: string }) => element.text),
    ['*Time:* 2026-11-21 02:03 UTC', '*Host:* db1', '*Run:* backup/shop', '*Topic:* backup/shop'],
  );
});

test('Discord gets the same, without markup and without waking everybody', async () => {
  await using endpoint = await startEndpoint(() => ({ status: 204, body: '' }));
  const secrets = { 'env:URL': `${endpoint.url}/api/webhooks/1/${token}` };
  const discord = channelOf({ kind: 'discord', url: 'env:URL' }, secrets);
  const shouting = { ...notification, message: '@everyone: *db1* `is` [away](https://example.com)' };
  await discord.send({ ...message, rendered: render(shouting) }, signal);
  const [request] = endpoint.received;
  assert.equal(request?.path, `/api/webhooks/1/${token}`);
  const sent = JSON.parse(request.body);
  assert.deepEqual(sent.allowed_mentions, { parse: [] });
  const [embed] = sent.embeds;
  assert.equal(embed.title, String.raw`\[Resguardo\] FAILED: Backup of shop`);
  assert.equal(
    embed.description,
    String.raw`@everyone: \*db1\* \`is\` \[away\](https://example.com)` +
      '\n**What to do:** Check that the server runs.\n```\nresguardo backup shop\n```',
  );
  assert.deepEqual(embed.fields[1], { name: 'Host', value: 'db1', inline: true });
  assert.equal(embed.timestamp, notification.at);
});

test('a message of any length is one that Discord takes', () => {
  const long = { ...notification, message: '*'.repeat(9000), facts: { Path: 'x'.repeat(9000), Empty: '' } };
  const [embed] = discordMessage({ ...message, rendered: render(long) }).embeds;
  assert.ok(embed);
  assert.ok(embed.fields.every(({ value }) => value.length > 0 && value.length <= 1024));
  assert.ok(JSON.stringify(embed).length < 6000);
});

test('Slack that is down, busy or stalled is tried later; one that knows no such webhook is not', async () => {
  for (const [status, type, retryAfterMs] of [
    [500, 'NotificationUnavailable', undefined],
    [429, 'NotificationUnavailable', 7000],
    [404, 'NotificationRefused', undefined],
  ] as const) {
    const headers = status === 429 ? { 'Retry-After': '7' } : {};
    await using endpoint = await startEndpoint(() => ({ status, headers, body: 'no_service' }));
    const failure = await failureOf(slack(endpoint.url).send(message, signal));
    assert.deepEqual([failure.type, failure.retryAfterMs], [type, retryAfterMs]);
    assert.match(failure.message, /^Slack channel ops: 127\.0\.0\.1:\d+ answers/);
    assert.equal(endpoint.received.length, 1, 'the channel itself tries once');
  }
  await using endpoint = await startEndpoint(() => 'stall');
  const stalled = await failureOf(slack(endpoint.url, 50).send(message, signal));
  assert.equal(stalled.type, 'NotificationUnavailable');
});

test('a webhook gets the notification as JSON, with its headers and a key against doubles', async () => {
  await using endpoint = await startEndpoint(() => ({ status: 204 }));
  const channel = channelOf(
    { kind: 'webhook', url: `${endpoint.url}/alerts`, headers: { Authorization: 'env:AUTH' } },
    { 'env:AUTH': 'Bearer x' },
  );
  await channel.send(message, signal);
  const [request] = endpoint.received;
  assert.equal(request?.headers.authorization, 'Bearer x');
  assert.equal(request.headers['idempotency-key'], 'message-1');
  const body = JSON.parse(request.body);
  const { id: _, ...content } = notification;
  assert.deepEqual(body, {
    version: 1,
    id: 'message-1',
    event: 'run-1',
    subject: '[Resguardo] FAILED: Backup of shop',
    text: body.text,
    ...content,
  });
  assert.match(body.text, /What to do: Check that the server runs\.\n\n {4}resguardo backup shop\n/);
});

test('a webhook whose certificate nobody vouches for is refused', async () => {
  await using endpoint = await startEndpoint(() => ({ status: 200 }), selfSigned);
  const failure = await failureOf(channelOf({ kind: 'webhook', url: endpoint.url }).send(message, signal));
  assert.equal(failure.type, 'NotificationRefused');
  assert.match(failure.message, /certificate/);
});

test('mail goes to all addresses, with a readable text and an id that stays the same', async () => {
  await using server = await startMailServer();
  await mail(server.port).send(message, signal);
  const [received] = server.received;
  assert.deepEqual(received?.to, ['ops@example.com', 'boss@example.com']);
  assert.equal(received.from, 'resguardo@db1');
  assert.match(received.content, /^Subject: \[Resguardo\] FAILED: Backup of shop\r$/m);
  assert.match(received.content, /^Message-ID: <message-1@resguardo>\r$/m);
  assert.match(received.content, /^Cannot connect to db1:5432 <shop & co>/m);
  assert.match(received.content, /^What to do: Check that the server runs\.\r$/m);
});

test('mail is encrypted and logged in where the server can', async () => {
  await using server = await startMailServer({
    ...selfSigned,
    disabledCommands: [],
    authOptional: false,
    onAuth: ({ username, password: given }, _, callback) =>
      given === password ? callback(null, { user: username ?? '' }) : callback(new Error('no')),
  });
  await mail(server.port, { user: 'me', password: 'env:PW' }).send(message, signal);
  assert.deepEqual([server.received[0]?.user, server.received[0]?.encrypted], ['me', true]);
});

test('a password that the mail server does not accept is refused for good, and not shown', async () => {
  await using server = await startMailServer({
    disabledCommands: ['STARTTLS'],
    onAuth: (_, __, callback) => callback(new Error(`bad password ${password}`)),
  });
  const failure = await failureOf(
    mail(server.port, { user: 'me', password: 'env:PW', tls: 'none' }).send(message, signal),
  );
  assert.equal(failure.type, 'NotificationRefused');
  assert.match(failure.message, /does not accept the user or the password/);
  assert.equal(server.received.length, 0);
});

test('mail is not sent in the clear where encryption is asked for', async () => {
  await using server = await startMailServer();
  const failure = await failureOf(mail(server.port, { tls: 'starttls' }).send(message, signal));
  assert.equal(failure.type, 'NotificationRefused');
  assert.equal(server.received.length, 0);
  await using selfMade = await startMailServer({ ...selfSigned, disabledCommands: [] });
  const untrusted = await failureOf(mail(selfMade.port, { tls: 'starttls' }).send(message, signal));
  assert.equal(untrusted.type, 'NotificationRefused');
});

test('a mail server that is busy is tried later, one that refuses the mail is not', async () => {
  for (const [responseCode, type] of [
    [451, 'NotificationUnavailable'],
    [554, 'NotificationRefused'],
  ] as const) {
    await using server = await startMailServer({
      onMailFrom: (_, __, callback) => callback(Object.assign(new Error('not now'), { responseCode })),
    });
    const failure = await failureOf(mail(server.port).send(message, signal));
    assert.equal(failure.type, type);
    assert.match(failure.message, new RegExp(`SMTP ${responseCode}`));
  }
});

test('an address that the mail server refuses is told, and the others get the mail', async () => {
  await using server = await startMailServer({
    onRcptTo: ({ address }, _, callback) =>
      callback(
        address.startsWith('boss') ? Object.assign(new Error('unknown'), { responseCode: 550 }) : null,
      ),
  });
  const note = await mail(server.port).send(message, signal);
  assert.equal(note, 'the mail server refused boss@example.com');
  assert.deepEqual(server.received[0]?.to, ['ops@example.com']);
});

test('a mail server that is down, or that never answers, is tried later', async () => {
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const stalled = await failureOf(mail(port, {}, 80).send(message, signal));
  assert.equal(stalled.type, 'NotificationUnavailable');
  assert.match(stalled.message, /no answer from 127\.0\.0\.1:\d+ in time/);
  await new Promise((resolve) => silent.close(resolve));
  const down = await failureOf(mail(port).send(message, signal));
  assert.equal(down.type, 'NotificationUnavailable');
  assert.match(down.message, /ECONNREFUSED/);
});

test('a cancelled mail rejects with the reason of the signal', async () => {
  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const address = silent.address();
  const controller = new AbortController();
  const sending = mail(typeof address === 'object' && address !== null ? address.port : 0).send(
    message,
    controller.signal,
  );
  controller.abort(new Error('shutting down'));
  await assert.rejects(sending, /shutting down/);
  await new Promise((resolve) => silent.close(resolve));
});

test('a trial message says what it is', async () => {
  await using server = await startMailServer();
  await sendTest(mail(server.port), new Date('2026-11-21T10:00:00Z'), signal);
  assert.match(server.received[0]?.content ?? '', /Subject: \[Resguardo\] TEST: channel ops/);
});

test('a channel is looked at without sending', async () => {
  await using server = await startMailServer();
  assert.equal(await mail(server.port).verify(signal), `127.0.0.1:${server.port} takes our mail.`);
  assert.equal(server.received.length, 0);
  await using endpoint = await startEndpoint(() => ({ status: 200 }));
  assert.match(await slack(endpoint.url).verify(signal), /^The URL at 127\.0\.0\.1:\d+ is known\.$/);
  assert.equal(endpoint.received.length, 0);
  assert.equal((await failureOf(slack('not a URL').verify(signal))).type, 'NotificationRefused');
  assert.equal((await failureOf(mail(1).verify(signal))).type, 'NotificationUnavailable');
});
