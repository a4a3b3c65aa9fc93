import { type Command, InvalidArgumentError, Option } from 'commander';
import { Failure, isFailure } from '../../../contracts/failures.ts';
import type { ArchivedItem } from '../../../repository/archive/archive-request.ts';
import { loadWriter } from '../../../repository/writer/load-writer.ts';
import { auditedRepository } from '../../audit.ts';
import { type OpenedInput, openInput } from '../../backup-input.ts';
import { withLockedRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import type { EngineBackup, EngineBackupResult, ParentField } from '../../engine-backup.ts';
import { withExamples } from '../../examples.ts';
import { addExcludeOptions } from '../../exclude-options.ts';
import { partialExitCode } from '../../failure.ts';
import { byteCount, counted, pointInTime, positiveCount, repeatable } from '../../option-values.ts';
import { renderBackup } from '../../output/backup.ts';
import { formatBytes, shortId } from '../../output/format.ts';
import { printable } from '../../output/printable.ts';
import { createProgressBoard } from '../../output/progress.ts';
import type { ProgressBoard } from '../../output/progress-board.ts';
import { addRepositoryOptions, type RepositorySelection } from '../../repository-access.ts';
import { WarningList } from '../../warning-list.ts';
import { type BackupInputOptions, inputOf } from './backup-input.ts';

interface Options extends RepositorySelection, BackupInputOptions {
  readonly tag?: readonly string[];
  readonly host?: string;
  readonly time?: Date;
  readonly parent?: string;
  readonly groupBy?: readonly ParentField[];
  readonly force?: boolean;
  readonly ignoreCtime?: boolean;
  readonly ignoreInode?: boolean;
  readonly skipIfUnchanged?: boolean;
  readonly readConcurrency?: number;
  readonly dryRun?: boolean;
  readonly verbose?: number;
}

export function defineRepoBackup({ parent, run }: Definition): void {
  const command = parent
    .command('backup')
    .description('back up files, or what a program prints, straight into a repository')
    .argument('[path...]', 'files and folders; with --stdin-from-command the program and its arguments')
    .option('-n, --dry-run', 'read all, store nothing, and tell what would be stored')
    .option('-v, --verbose', 'name new and changed files; twice: all of them', counted, 0);
  addInputOptions(command);
  addExcludeOptions(command)
    .option('--exclude-caches', 'what is in folders with a CACHEDIR.TAG')
    .option(
      '--exclude-if-present <name>',
      'what is in folders with a file NAME, or NAME:HEADER; repeatable',
      repeatable,
    )
    .option('--exclude-larger-than <size>', 'files of more bytes, such as 500M', byteCount)
    .option(
      '--ignore-file <name>',
      'what files of this name, such as .gitignore, list in their folders; repeatable',
      repeatable,
    )
    .option('-x, --one-file-system', 'what is on other file systems than the paths');
  addSnapshotFields(command);
  addRepositoryOptions(command).action(
    run(backup, {
      action: 'repo.backup',
      subjects: (_paths, options) => (options.dryRun === true ? [] : [auditedRepository(options)]),
    }),
  );
  withExamples(command, [
    ['resguardo repo backup /etc /home --exclude "*.tmp" --repo /srv/backup', 'back up folders'],
    ['resguardo repo backup /home --dry-run -v --repo /srv/backup', 'see what would be stored'],
    [
      'resguardo repo backup --stdin-from-command --stdin-filename shop.sql --repo /srv/backup -- pg_dump shop',
      'back up a program’s output; none if it fails',
    ],
    ['tar c /srv | resguardo repo backup --stdin srv.tar --repo /srv/backup', 'back up standard input'],
  ]);
}

function addInputOptions(command: Command): void {
  command
    .optionsGroup('What is stored:')
    .option('--stdin <name>', 'standard input, as a file of this name')
    .option('--stdin-from-command', 'what a program prints; its exit status decides whether it is kept')
    .option('--stdin-filename <name>', 'name of that file (default: "stdin")')
    .option(
      '--files-from <file>',
      'paths and patterns of a file, one a line; "-" for standard input; repeatable',
      repeatable,
    )
    .option('--files-from-verbatim <file>', 'paths of a file as they are, one a line; repeatable', repeatable)
    .option('--files-from-raw <file>', 'paths of a file, each ended by a zero byte; repeatable', repeatable)
    .option('--with-atime', 'the times of the last access, too');
}

function addSnapshotFields(command: Command): void {
  command
    .optionsGroup('The snapshot:')
    .option('--tag <tags>', 'give it these tags (a,b); repeatable', repeatable)
    .addOption(new Option('-H, --host <name>', 'its host (default: this one)').env('RESTIC_HOST'))
    .option('--time <time>', 'its time, such as "2026-11-21 07:23:11" (default: now)', pointInTime)
    .option('--skip-if-unchanged', 'make none when nothing has changed since the earlier one')
    .option('--parent <snapshot>', 'the earlier one to compare with (default: the newest alike)')
    .option(
      '-g, --group-by <fields>',
      'what "alike" means: host, paths, tags (default: host,paths)',
      parentFields,
    )
    .option('-f, --force', 'compare with none: read all files')
    .option('--ignore-ctime', 'do not read files again for the time of their last change')
    .option('--ignore-inode', 'nor for their inode')
    .addOption(
      new Option('--read-concurrency <n>', 'large files that are read at a time (default: 8)')
        .env('RESTIC_READ_CONCURRENCY')
        .argParser(positiveCount),
    );
}

const engine = () => import('../../engine-backup.ts');

async function backup(context: CommandContext, paths: readonly string[], options: Options): Promise<number> {
  const input = await inputOf(context, paths, options);
  const { output, signal } = context;
  const board = createProgressBoard({ output });
  const warnings = new WarningList(board);
  let opened: Promise<OpenedInput> | undefined;
  const open = (): Promise<OpenedInput> => {
    opened ??= openInput(input, { signal, warn: (warning) => warnings.add(warning) });
    // Its error comes when the input is wanted.
    opened.catch(() => {});
    return opened;
  };
  const start = (): Promise<unknown> => {
    // What is listed long before it is compared may have changed by then.
    if (options.retryLock === undefined) void open();
    return Promise.all([engine(), loadWriter()]);
  };
  try {
    const selection = { ...options, purpose: 'add', engine: start } as const;
    const result = await withLockedRepository(context, selection, async (repository, underLock) => {
      const { runEngineBackup } = await engine();
      const shared = { ...request(options, context, board), warnings, board };
      return await runEngineBackup(repository, { ...shared, input: await open(), signal: underLock });
    });
    board.close();
    await output.summary(result, renderBackup({ ...result, note: noteOf(result) }));
    return result.status === 'partial' ? partialExitCode : 0;
  } catch (error) {
    throw isFailure(error, 'StorageFull') ? fullHere(error) : error;
  } finally {
    board.close();
    await closeIfOpen(opened);
  }
}

async function closeIfOpen(opened: Promise<OpenedInput> | undefined): Promise<void> {
  const input = await opened?.catch(() => undefined);
  await input?.close();
}

function request(
  { tag = [], host, time, parent, groupBy, force = false, ...options }: Options,
  context: CommandContext,
  board: ProgressBoard,
): Omit<EngineBackup, 'input' | 'warnings' | 'signal' | 'board'> {
  const { ignoreCtime = false, ignoreInode = false, skipIfUnchanged = false, dryRun = false } = options;
  return {
    tags: tag.flatMap((list) => list.split(',')).filter((name) => name !== ''),
    host: host === '' ? undefined : host,
    time,
    parent,
    parentFields: groupBy ?? ['host', 'paths'],
    force,
    comparison: { ignoreCtime, ignoreInode },
    skipIfUnchanged,
    dryRun,
    filesInFlight: options.readConcurrency,
    onItem: itemTeller(options.verbose ?? 0, context, board),
  };
}

/** Names new and changed files, and at a higher level all of them. */
function itemTeller(level: number, { output }: CommandContext, board: ProgressBoard): EngineBackup['onItem'] {
  if (level === 0) return undefined;
  return ({ path, change, sizeBytes }: ArchivedItem) => {
    if (change === 'unmodified' && level < 2) return;
    if (output.json) void output.event('item', { path, change, sizeBytes });
    else
      board.note(
        `${change.padEnd(10)} ${printable(path)}${path.endsWith('/') ? '' : ` (${formatBytes(sizeBytes)})`}`,
      );
  };
}

function noteOf({ dryRun, parent }: EngineBackupResult): string {
  return dryRun ? 'this was a dry run' : `nothing has changed since ${shortId(parent ?? '')}`;
}

function parentFields(text: string): readonly ParentField[] {
  return text
    .split(',')
    .filter((field) => field !== '')
    .map((field) => {
      const name = field === 'path' || field === 'tag' ? `${field}s` : field;
      if (name === 'host' || name === 'paths' || name === 'tags') return name;
      throw new InvalidArgumentError('It must be made of host, paths and tags.');
    });
}

/** Under Temporal a run goes on by itself once there is space; this one has ended. */
function fullHere(failure: Failure): Failure {
  const advice = 'Free space there, and start again; what is stored already is used.';
  return new Failure('StorageFull', failure.message, { advice, cause: failure });
}
