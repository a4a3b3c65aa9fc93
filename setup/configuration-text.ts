import { stringify } from 'yaml';
import type { PlannedSource, SetupPlan } from './plan.ts';

/** The text of resguardo.yaml, with a comment on what each part means and what can stand there. */
export function configurationText(plan: SetupPlan): string {
  return `${[
    '# Configuration of Resguardo. Check it with: resguardo doctor',
    '# Secrets never stand here: env:NAME and file:PATH refer to them.',
    '# yaml-language-server: $schema=./node_modules/resguardo/schema/resguardo.schema.json',
    '',
    '# Name of this host in snapshots. Keep it, or older snapshots are no longer found as parents.',
    ...block({ host: plan.host }),
    '',
    'repositories:',
    '  main:',
    ...comment(plan.repository.remark, 4),
    ...block({ url: plan.repository.url }, 4),
    '    # Without this password nobody can read the backups. Keep a copy away from this machine.',
    ...block({ password: plan.repository.password }, 4),
    '',
    '# What is backed up. All of it every night; names stay the same for ever.',
    plan.sources.some(({ active }) => active) ? 'sources:' : 'sources: {}',
    ...plan.sources.flatMap(sourceLines),
    '',
    ...notificationLines(plan.slack),
    '',
    '# When: all schedules have their times already; change one like this.',
    '# schedules:',
    '#   timeZone: Europe/Madrid',
    '#   automated_backups: {at: "02:00"}',
    '#   incremental_backups: {every: 6h}',
  ].join('\n')}\n`;
}

function sourceLines({ name, remark, active, value }: PlannedSource): readonly string[] {
  const lines = block({ [name]: value }, 2);
  return [
    ...comment(remark, 2),
    ...(active
      ? lines
      : [...(roleHints[String(value.kind)] ?? []), ...lines.map((line) => `  # ${line.slice(2)}`)]),
  ];
}

/** What a backup user needs, by the kind of the source; in PostgreSQL 14 and later. */
const roleHints: Readonly<Record<string, readonly string[]>> = {
  postgres: [
    '  #   psql -U postgres -c "CREATE ROLE backup LOGIN PASSWORD \'…\'" -c "GRANT pg_read_all_data TO backup"',
  ],
  mysql: [
    "  #   CREATE USER backup IDENTIFIED BY '…';",
    '  #   GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, PROCESS, RELOAD, REPLICATION CLIENT ON *.* TO backup;',
  ],
};

function notificationLines(slack: string | undefined): readonly string[] {
  const title =
    '# Who is told when something fails, and when it is well again. Try it: resguardo notify test';
  const section = [
    'notifications:',
    '  channels:',
    `    ops: {kind: slack, url: ${slack ?? 'env:SLACK_WEBHOOK_URL'}}`,
  ];
  const mail = '    mail: {kind: email, to: [you@example.com], smtp: {host: smtp.example.com}}';
  const commented = (line: string) => `# ${line}`;
  return slack === undefined
    ? [title, ...[...section, mail].map(commented)]
    : [title, ...section, `    # ${mail.trim()}`];
}

function block(value: object, indent = 0): readonly string[] {
  return stringify(value, { lineWidth: 0 })
    .trimEnd()
    .split('\n')
    .map((line) => `${' '.repeat(indent)}${line}`);
}

function comment(text: string, indent: number): readonly string[] {
  // What was found on the machine must not be able to end the comment.
  return text.split(/[\r\n\u0085\u2028\u2029]+/).map((line) => `${' '.repeat(indent)}# ${line}`);
}
