import { resolve } from 'node:path';
import { Failure, isFailure } from '../../../contracts/failures.ts';
import { withLock } from '../../../repository/lock/with-lock.ts';
import { auditedRepository } from '../../audit.ts';
import { withRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { type EngineBackup, runEngineBackup } from '../../engine-backup.ts';
import { withExamples } from '../../examples.ts';
import { partialExitCode } from '../../failure.ts';
import { repeatable } from '../../option-values.ts';
import { renderBackup } from '../../output/backup.ts';
import { createProgressBoard } from '../../output/progress.ts';
import { addRepositoryOptions, type RepositorySelection } from '../../repository-access.ts';

interface Options extends RepositorySelection {
  readonly stdin?: string;
  readonly exclude?: readonly string[];
  readonly excludeCaches?: boolean;
  readonly oneFileSystem?: boolean;
  readonly tag?: readonly string[];
  readonly host?: string;
  readonly parent?: string;
  readonly force?: boolean;
}

export function defineRepoBackup({ parent, run }: Definition): void {
  const command = parent
    .command('backup')
    .description('back up files, or what a program prints, straight into a repository')
    .argument('[path...]', 'files and folders')
    .option('--stdin <name>', 'store standard input as a file of this name')
    .option('--exclude <pattern>', 'leave out what matches, as restic does; repeatable', repeatable)
    .option('--exclude-caches', 'leave out folders with a CACHEDIR.TAG')
    .option('-x, --one-file-system', 'stay on the file systems of the paths')
    .option('--tag <tag>', 'give the snapshot this tag; repeatable', repeatable)
    .option('--host <name>', 'host name in the snapshot')
    .option(
      '--parent <snapshot>',
      'compare with this snapshot (default: the newest of this host and these paths)',
    )
    .option('--force', 'read all files, changed or not');
  addRepositoryOptions(command).action(
    run(backup, { action: 'repo.backup', subjects: (_paths, options) => [auditedRepository(options)] }),
  );
  withExamples(command, [
    ['resguardo repo backup /etc /home --exclude "*.tmp" --repo /srv/backup', 'back up folders'],
    [
      'pg_dump shop | resguardo repo backup --stdin shop.sql --repo /srv/backup',
      'back up a program’s output',
    ],
  ]);
}

async function backup(context: CommandContext, paths: readonly string[], options: Options): Promise<number> {
  const request = await toRequest(context, paths, options);
  const { output } = context;
  const board = createProgressBoard({ output });
  try {
    const result = await withRepository(context, options, (repository) =>
      withLock(repository, { exclusive: false, signal: context.signal }, (signal) =>
        runEngineBackup(repository, { ...request, signal, board }),
      ),
    );
    board.close();
    await output.summary(result, renderBackup(result));
    return result.status === 'partial' ? partialExitCode : 0;
  } catch (error) {
    throw isFailure(error, 'StorageFull') ? fullHere(error) : error;
  } finally {
    board.close();
  }
}

type Request = Omit<EngineBackup, 'signal' | 'board'>;

async function toRequest(
  { cwd, stdin }: CommandContext,
  paths: readonly string[],
  options: Options,
): Promise<Request> {
  const { tag = [], host, parent, force = false } = options;
  const common = { tags: tag, host, parent, force };
  if (options.stdin === undefined) {
    if (paths.length === 0) throw nothingToDo();
    const { exclude = [], excludeCaches = false, oneFileSystem = false } = options;
    const files = { paths: paths.map((path) => resolve(cwd, path)), exclude, excludeCaches, oneFileSystem };
    return { ...common, files };
  }
  if (paths.length > 0) {
    throw new Failure('InvalidInput', '--stdin and paths exclude each other', {
      advice: 'Back them up one after the other.',
    });
  }
  const name = options.stdin.replace(/^\//, '');
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) {
    throw new Failure('InvalidInput', `--stdin: "${options.stdin}" is no name of a file`, {
      advice: 'Give a name without folders, such as dump.sql.',
    });
  }
  return { ...common, stream: { name, content: stdin } };
}

/** Under Temporal a run goes on by itself once there is space; this one has ended. */
function fullHere(failure: Failure): Failure {
  const advice = 'Free space there, and start again; what is stored already is used.';
  return new Failure('StorageFull', failure.message, { advice, cause: failure });
}

function nothingToDo(): Failure {
  return new Failure('InvalidInput', 'There is nothing to back up', {
    advice: 'Give paths, or --stdin NAME.',
  });
}
