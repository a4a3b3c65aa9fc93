import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InvalidArgumentError } from 'commander';
import type { AuditEntry } from '../../audit/entry.ts';
import { verifyLines } from '../../audit/export.ts';
import { type AuditFilter, AuditLog } from '../../audit/log.ts';
import { type AuditAnchor, auditFailure } from '../../audit/verify.ts';
import { Failure } from '../../contracts/failures.ts';
import { openConfiguredCatalog } from '../../control/catalog.ts';
import { loadContextConfiguration } from '../configuration.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { formatQuantity, formatTime } from '../output/format.ts';
import { renderTable } from '../output/table.ts';

export function defineAudit({ parent, run }: Definition): void {
  const group = parent.command('audit').description('the audit log: who did what, when, and how it ended');
  const showing = group
    .command('show')
    .description('the newest entries')
    .option('--actor <name>', 'only of this user@host, API key or schedule')
    .option('--action <name>', 'only of this action, such as restore')
    .option('--subject <name>', 'only about this source, repository or schedule')
    .option('--before <number>', 'only entries before this one: the next page', wholeNumber)
    .option('--limit <number>', 'at most so many (default: 100)', wholeNumber)
    .action(run(show));
  const verifying = group
    .command('verify')
    .description('follow the chain from its first entry; exit code 4 if an entry was changed or is missing')
    .option('--file <file>', 'check an export instead of the database')
    .option(
      '--anchor <number:hash>',
      'an entry that was noted elsewhere, as `audit verify` prints it',
      anchor,
    )
    .action(run(verify));
  const exporting = group
    .command('export')
    .description('all entries, oldest first, as lines of JSON')
    .option('--out <file>', 'write them to this new file (mode 600) instead of standard output')
    .action(run(exportAll));
  const [shown, verified, exported] = examples;
  withExamples(group, [shown, verified, exported]);
  withExamples(showing, [
    shown,
    ['resguardo audit show --action snapshot.forget --limit 5', 'which snapshots retention has removed'],
  ]);
  withExamples(verifying, [
    verified,
    ['resguardo audit verify --file audit.jsonl', 'an export, without the database'],
  ]);
  withExamples(exporting, [exported]);
}

const examples = [
  ['resguardo audit show --action restore', 'who restored what'],
  ['resguardo audit verify', 'prints the last entry: keep it elsewhere as the anchor of the next check'],
  ['resguardo audit export --out audit.jsonl', 'for an auditor, who checks it without the database'],
] as const;

async function show(context: CommandContext, filter: AuditFilter): Promise<number> {
  const entries = await withAudit(context, (log) => log.entries(filter));
  const text = entries.length === 0 ? 'No entries' : renderEntries(entries);
  await context.output.result(entries, text);
  return 0;
}

interface VerifyChoice {
  readonly file?: string;
  readonly anchor?: AuditAnchor;
}

async function verify(context: CommandContext, { file, anchor }: VerifyChoice): Promise<number> {
  const { signal, output, cwd } = context;
  const options = { signal, ...(anchor && { anchor }) };
  const { place, verified } =
    file === undefined
      ? await withAudit(context, async (log, at) => ({ place: at, verified: await log.verify(options) }))
      : { place: file, verified: await verifyFile(resolve(cwd, file), options) };
  const failure = auditFailure(verified, place);
  if (failure) throw failure;
  const { entries, last } = verified;
  const end = last === undefined ? '' : `\nThe last is ${last.sequence}:${last.hash}`;
  await output.result(
    { place, ...verified },
    `${formatQuantity(entries, 'entry', 'entries')}, all as written${end}`,
  );
  return 0;
}

async function verifyFile(path: string, options: Parameters<typeof verifyLines>[1]) {
  try {
    const file = await open(path);
    return await verifyLines(file.readLines(), options);
  } catch (error) {
    if (error instanceof Error && 'code' in error) {
      throw new Failure('InvalidInput', `Cannot read the export: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

async function exportAll(context: CommandContext, { out }: { readonly out?: string }): Promise<number> {
  const { output, signal, cwd } = context;
  await withAudit(context, async (log) => {
    if (out === undefined) {
      for await (const line of log.exportLines(signal)) await output.bytes(Buffer.from(`${line}\n`));
      return;
    }
    const path = resolve(cwd, out);
    const lines = async function* () {
      for await (const line of log.exportLines(signal)) yield `${line}\n`;
    };
    await pipeline(Readable.from(lines()), await newFile(path), { signal });
    output.note(`Wrote ${path}`);
  });
  return 0;
}

async function newFile(path: string) {
  try {
    return (await open(path, 'wx', 0o600)).createWriteStream();
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const reason = error instanceof Error ? error.message : String(error);
    throw exists
      ? new Failure('TargetConflict', `The file ${path} exists`, { cause: error })
      : new Failure('TargetUnwritable', `Cannot write the export: ${reason}`, { cause: error });
  }
}

async function withAudit<T>(
  context: CommandContext,
  work: (log: AuditLog, place: string) => Promise<T>,
): Promise<T> {
  const { env, output } = context;
  const configuration = await loadContextConfiguration(context);
  const onWarning = (message: string): void => output.warn(`warning: ${message}`);
  const catalog = await openConfiguredCatalog(configuration, { env, onWarning });
  try {
    return await work(new AuditLog(catalog.database), catalog.place);
  } finally {
    await catalog.close();
  }
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1.');
}

function anchor(text: string): AuditAnchor {
  const [, sequence, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? [];
  if (sequence !== undefined && hash !== undefined) return { sequence: Number(sequence), hash };
  throw new InvalidArgumentError('It must be a number and a hash, as `audit verify` prints them.');
}

function renderEntries(entries: readonly AuditEntry[]): string {
  const columns = [
    { title: '#', align: 'right' as const },
    { title: 'Time' },
    { title: 'Actor' },
    { title: 'Action' },
    { title: 'Subject' },
    { title: 'Outcome' },
    { title: 'Detail' },
  ];
  const rows = entries.map(({ sequence, at, actor, action, subject, outcome, detail }) => [
    String(sequence),
    formatTime(new Date(at)),
    actor,
    action,
    subject,
    outcome,
    Object.entries(detail)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  ]);
  return renderTable(columns, rows);
}
