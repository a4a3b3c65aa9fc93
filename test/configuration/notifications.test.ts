import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfiguration } from '../../configuration/load.ts';
import { isFailure } from '../../contracts/failures.ts';

const base = 'repositories: {main: {url: /srv/backup, password: env:KEY}}\n';
const parse = (text: string) => parseConfiguration('/etc/resguardo/resguardo.yaml', base + text, {});

function problemOf(text: string): string {
  try {
    parse(text);
  } catch (error) {
    assert.ok(isFailure(error, 'InvalidConfiguration'));
    return error.message;
  }
  return 'accepted';
}

test('channels get their defaults, and their files are looked for beside the configuration', () => {
  const { notifications, temporal } = parse(`
temporal: {encryption: {key: file:temporal.key, oldKeys: [file:old/a.key]}}
notifications:
  channels:
    ops: {kind: slack, url: file:slack.url}
    mail: {kind: email, to: [ops@example.com], smtp: {user: me, password: file:mail.key}}
    hook: {kind: webhook, url: https://alerts.example.com/x, headers: {Authorization: file:token}, severity: critical}
  pings:
    nightly: {url: file:ping.url, of: [automated_backups]}
`);
  assert.deepEqual(notifications, {
    reminderAfter: '24h',
    channels: {
      ops: { kind: 'slack', url: 'file:/etc/resguardo/slack.url', severity: 'warning' },
      mail: {
        kind: 'email',
        to: ['ops@example.com'],
        smtp: { host: 'localhost', tls: 'auto', user: 'me', password: 'file:/etc/resguardo/mail.key' },
        severity: 'warning',
      },
      hook: {
        kind: 'webhook',
        url: 'https://alerts.example.com/x',
        headers: { Authorization: 'file:/etc/resguardo/token' },
        severity: 'critical',
      },
    },
    pings: { nightly: { url: 'file:/etc/resguardo/ping.url', of: ['automated_backups'] } },
  });
  assert.deepEqual(temporal.encryption, {
    key: 'file:/etc/resguardo/temporal.key',
    oldKeys: ['file:/etc/resguardo/old/a.key'],
  });
});

test('a wrong channel is named with its field and an example of a right value', () => {
  for (const [text, message] of [
    ['ops: {kind: slack}', /notifications\.channels\.ops\.url: is missing.*env:SLACK_WEBHOOK_URL/],
    ['ops: {kind: slack, url: "https://hooks.slack.com/services/T/B/X"}', /url: must be a reference/],
    ['ops: {kind: slak, url: env:X}', /kind: must be slack or discord or email or webhook/],
    ['ops: {kind: slack, url: env:X, severity: high}', /severity: .*critical/],
    ['m: {kind: email, to: ops@example.com}', /channels\.m\.to: .*ops@example\.com/],
    ['m: {kind: email, to: [ops]}', /channels\.m\.to\.0: must be a mail address/],
    ['m: {kind: email, to: ["a@b.c\\r\\nBcc: x@y.z"]}', /channels\.m\.to\.0: must be a mail address/],
    ['m: {kind: email, to: [a@b.c], smtp: {password: hunter2}}', /smtp\.password: must be a reference/],
    ['h: {kind: webhook, url: ftp://x}', /channels\.h\.url: .*https:\/\/alerts\.example\.com/],
  ] as const) {
    assert.match(problemOf(`notifications:\n  channels:\n    ${text}\n`), message, text);
  }
});
