import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Failure } from '../../contracts/failures.ts';
import type { NotificationEvent, Severity } from '../../contracts/notifications.ts';
import type { Channel } from '../../notify/channel.ts';
import { Notifier } from '../../notify/notifier.ts';
import { NotifyStateFile } from '../../notify/state-file.ts';

const signal = new AbortController().signal;
const start = Date.parse('2026-11-21T02:00:00.000Z');

/** A channel that keeps what it gets; `failing` makes the next messages fail. */
class MemoryChannel implements Channel {
  readonly name: string;
  readonly severity: Severity;
  readonly got: string[] = [];
  failing: (() => Error) | undefined;

  constructor(name: string, severity: Severity = 'notice') {
    this.name = name;
    this.severity = severity;
  }

  async send({ rendered }: Parameters<Channel['send']>[0]): Promise<undefined> {
    if (this.failing) throw this.failing();
    this.got.push(rendered.subject.replace('[Resguardo] ', ''));
  }

  async verify(): Promise<string> {
    return '';
  }
}

const event = (minutes: number, severity: Severity | 'ok', topic = 'backup/shop'): NotificationEvent => ({
  id: `${topic}-${minutes}`,
  topic,
  severity,
  title: `Backup of ${topic.slice(7)}`,
  message: 'text',
  at: new Date(start + minutes * 60_000).toISOString(),
});

const unavailable = () => new Failure('NotificationUnavailable', 'down', { retryAfterMs: 5000 });

async function setting(channels: readonly Channel[]) {
  const folder = await mkdtemp(path.join(tmpdir(), 'resguardo-notify-'));
  const file = path.join(folder, 'state', 'notifications.json');
  let nowMs = start;
  return {
    folder,
    file,
    /** As a restarted worker has it. */
    notifier: () =>
      new Notifier({
        channels,
        store: new NotifyStateFile(file),
        policy: { reminderAfterMs: 86_400_000 },
        now: () => new Date(nowMs),
      }),
    wait: (minutes: number) => {
      nowMs += minutes * 60_000;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

test('trouble and recovery reach every channel once, whatever restarts and is told again', async () => {
  const [slack, mail] = [new MemoryChannel('slack'), new MemoryChannel('mail')];
  await using given = await setting([slack, mail]);
  for (const told of [
    event(0, 'critical'),
    event(0, 'critical'),
    event(1, 'critical'),
    event(2, 'ok'),
    event(2, 'ok'),
  ]) {
    await given.notifier().tell(told, signal);
  }
  const expected = ['FAILED: Backup of shop', 'RECOVERED: Backup of shop'];
  assert.deepEqual([slack.got, mail.got], [expected, expected]);
});

test('a channel gets what is severe enough for it, and the recovery of just that', async () => {
  const [all, worst] = [new MemoryChannel('all'), new MemoryChannel('worst', 'critical')];
  await using given = await setting([all, worst]);
  const notifier = given.notifier();
  for (const told of [
    event(0, 'warning'),
    event(1, 'ok'),
    event(2, 'warning'),
    event(3, 'critical'),
    event(4, 'warning'),
    event(5, 'ok'),
  ]) {
    await notifier.tell(told, signal);
  }
  assert.deepEqual(worst.got, ['WORSE: Backup of shop', 'RECOVERED: Backup of shop']);
  assert.equal(all.got.length, 5);
});

test('one channel that is down does not keep the others from telling, and is told when it is back', async () => {
  const [slack, mail] = [new MemoryChannel('slack'), new MemoryChannel('mail')];
  slack.failing = unavailable;
  await using given = await setting([slack, mail]);
  const failed = event(0, 'critical');
  await assert.rejects(given.notifier().tell(failed, signal), {
    type: 'NotificationUnavailable',
    retryAfterMs: 5000,
  });
  assert.equal(mail.got.length, 1);
  slack.failing = undefined;
  await given.notifier().tell(failed, signal);
  assert.deepEqual([slack.got.length, mail.got.length], [1, 1]);
});

test('what could not be told goes out with the next event, in order', async () => {
  const slack = new MemoryChannel('slack');
  slack.failing = unavailable;
  await using given = await setting([slack]);
  await assert.rejects(given.notifier().tell(event(0, 'critical'), signal));
  await assert.rejects(given.notifier().tell(event(1, 'critical', 'backup/etc'), signal));
  slack.failing = undefined;
  await given.notifier().tell(event(2, 'ok'), signal);
  assert.deepEqual(slack.got, [
    'FAILED: Backup of shop',
    'FAILED: Backup of etc',
    'RECOVERED: Backup of shop',
  ]);
});

test('what could not be told goes out without an event, too', async () => {
  const slack = new MemoryChannel('slack');
  slack.failing = unavailable;
  await using given = await setting([slack]);
  await assert.rejects(given.notifier().tell(event(0, 'critical'), signal));
  await assert.rejects(given.notifier().flush(signal), { type: 'NotificationUnavailable' });
  slack.failing = undefined;
  assert.deepEqual((await given.notifier().flush(signal)).sent, ['slack']);
  assert.deepEqual((await given.notifier().flush(signal)).sent, []);
  assert.equal(slack.got.length, 1);
});

test('a message that a channel refuses is not tried again', async () => {
  const slack = new MemoryChannel('slack');
  slack.failing = () => new Failure('NotificationRefused', 'no such webhook');
  await using given = await setting([slack]);
  await assert.rejects(given.notifier().tell(event(0, 'critical'), signal), { type: 'NotificationRefused' });
  slack.failing = undefined;
  await given.notifier().tell(event(0, 'critical'), signal);
  assert.deepEqual(slack.got, []);
});

test('a missing secret is waited for', async () => {
  const slack = new MemoryChannel('slack');
  slack.failing = () => new Failure('SecretUnavailable', 'SLACK_WEBHOOK_URL is not set');
  await using given = await setting([slack]);
  await assert.rejects(given.notifier().tell(event(0, 'critical'), signal), {
    type: 'NotificationUnavailable',
    message: /SLACK_WEBHOOK_URL is not set/,
  });
  slack.failing = undefined;
  await given.notifier().tell(event(0, 'critical'), signal);
  assert.equal(slack.got.length, 1);
});

test('two attempts at once send a message once', async () => {
  const slack = new MemoryChannel('slack');
  await using given = await setting([slack]);
  const notifier = given.notifier();
  const results = await Promise.allSettled([1, 2, 3].map(() => notifier.tell(event(0, 'critical'), signal)));
  assert.deepEqual(slack.got, ['FAILED: Backup of shop']);
  assert.ok(results.some(({ status }) => status === 'fulfilled'));
});

test('a message that a killed attempt had taken is sent by a later one', async () => {
  const slack = new MemoryChannel('slack');
  await using given = await setting([slack]);
  const killed = new Promise<undefined>(() => undefined);
  const { promise: taken, resolve } = Promise.withResolvers<void>();
  slack.send = () => {
    resolve();
    return killed;
  };
  void given
    .notifier()
    .tell(event(0, 'critical'), signal)
    .catch(() => undefined);
  await taken;
  delete (slack as Partial<MemoryChannel>).send;
  await assert.rejects(given.notifier().tell(event(0, 'critical'), signal), { retryAfterMs: 120_000 });
  given.wait(3);
  await given.notifier().tell(event(0, 'critical'), signal);
  assert.deepEqual(slack.got, ['FAILED: Backup of shop']);
  assert.deepEqual(JSON.parse(await readFile(given.file, 'utf8')).pending, []);
});

test('a damaged state is moved aside, and trouble is still told', async () => {
  const slack = new MemoryChannel('slack');
  await using given = await setting([slack]);
  await given.notifier().tell(event(0, 'ok'), signal);
  for (const damage of ['', '{"topics": 7}', '\0\0\0']) {
    await writeFile(given.file, damage);
    await given.notifier().tell(event(1, 'critical'), signal);
  }
  assert.equal(slack.got.length, 3);
  assert.deepEqual((await readdir(path.dirname(given.file))).sort(), [
    'notifications.json',
    'notifications.json.damaged',
  ]);
});

test('trouble is told once where no state can be written, too', async () => {
  const slack = new MemoryChannel('slack');
  await using given = await setting([slack]);
  await writeFile(path.dirname(given.file), 'a file where the folder should be');
  const notifier = given.notifier();
  await notifier.tell(event(0, 'critical'), signal);
  await notifier.tell(event(1, 'critical'), signal);
  await rm(path.dirname(given.file));
  await notifier.tell(event(2, 'critical'), signal);
  assert.deepEqual(slack.got, ['FAILED: Backup of shop']);
  assert.equal(JSON.parse(await readFile(given.file, 'utf8')).topics['backup/shop'].occurrences, 3);
});

test('the state is readable for its owner alone', async () => {
  const slack = new MemoryChannel('slack');
  await using given = await setting([slack]);
  await given.notifier().tell(event(0, 'critical'), signal);
  assert.equal((await stat(given.file)).mode & 0o777, 0o600);
  assert.equal((await stat(path.dirname(given.file))).mode & 0o777, 0o700);
  assert.ok(JSON.parse(await readFile(given.file, 'utf8')).topics['backup/shop']);
});
