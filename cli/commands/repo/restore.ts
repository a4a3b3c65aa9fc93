import { type Command, InvalidArgumentError } from 'commander';
import { Failure } from '../../../contracts/failures.ts';
import { type OverwriteMode, overwriteModes } from '../../../repository/restore/existing-file.ts';
import { auditedRepository } from '../../audit.ts';
import { withLockedRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { addExcludeOptions } from '../../exclude-options.ts';
import { partialExitCode } from '../../failure.ts';
import { addIncludeOptions } from '../../include-options.ts';
import { counted, positiveInteger, repeatable } from '../../option-values.ts';
import { createProgressBoard } from '../../output/progress.ts';
import { addRepositoryOptions } from '../../repository-access.ts';
import { addSnapshotOptions } from '../../snapshot-options.ts';
import { thawOption } from '../../thaw.ts';
import type { RestoreOptions } from './restore-snapshot.ts';

export function defineRepoRestore({ parent, run }: Definition): void {
  const command = parent
    .command('restore')
    .description('restore a snapshot into a folder, straight from a repository')
    .argument('<snapshot>', 'first digits of its id, or "latest"; SNAPSHOT:/FOLDER for a folder of it')
    .requiredOption('-t, --target <folder>', 'folder that becomes the root; new or empty')
    .option('-n, --dry-run', 'tell what would be done, and change nothing')
    .option('-v, --verbose', 'with --dry-run: name what would be made or changed; twice: all', counted, 0);
  command
    .addOption(thawOption())
    .option('--thaw-days <days>', 'how long what was thawed stays readable (default: 7)', positiveInteger);
  addTargetOptions(command);
  addExcludeOptions(addIncludeOptions(command));
  addSnapshotOptions(addRepositoryOptions(command)).action(
    run(restore, {
      action: 'repo.restore',
      subjects: (_id, options) => (options.dryRun === true ? [] : [auditedRepository(options)]),
      detail: (snapshot, { target }) => ({ snapshot, target }),
    }),
  );
  withExamples(command, [
    ['resguardo repo restore latest --target /tmp/all --repo /srv/backup', 'the newest snapshot'],
    ['resguardo repo restore 1a2b3c4d:/etc/ssh --target /tmp/ssh --repo /srv/backup', 'one folder of it'],
    [
      'resguardo repo restore latest --target /tmp/all --thaw bulk --repo s3:s3.amazonaws.com/acme-archive',
      'from an archive class: it waits until the data is there',
    ],
    [
      'resguardo repo restore 1a2b3c4d --target / --include /etc/ssh --overwrite --delete --dry-run --repo /srv/backup',
      'in place: see what would change, then leave out --dry-run',
    ],
  ]);
}

function addTargetOptions(command: Command): void {
  command
    .optionsGroup('In the target:')
    .option(
      '--overwrite [mode]',
      'what becomes of what is there: always (what differs is replaced), if-changed (the same, without reading files of equal size and time), if-newer, never (default: the target has to be empty; without a mode: always)',
      overwriteMode,
    )
    .option('--delete', 'remove what the snapshot does not have')
    .option('--verify', 'read all that was restored again, and compare it')
    .option('--sparse', 'blocks of zeros become holes; they always do')
    .option('--ownership-by-name', 'owners by the names of users and groups here')
    .option('--include-xattr <pattern>', 'only these extended attributes; repeatable', repeatable)
    .option('--exclude-xattr <pattern>', 'none of these extended attributes; repeatable', repeatable);
}

const engine = () => import('./restore-snapshot.ts');

async function restore(context: CommandContext, id: string, options: RestoreOptions): Promise<number> {
  assertSafe(options);
  const { output } = context;
  const board = createProgressBoard({ output });
  try {
    return await withLockedRepository(
      context,
      { ...options, purpose: 'read', engine },
      async (repository, signal) => {
        const { previewSnapshot, renderPreview, renderRestored, restoreSnapshot } = await engine();
        const request = { context, id, options, board, signal };
        if (options.dryRun === true) {
          const preview = await previewSnapshot(repository, request);
          board.close();
          await output.summary(preview, renderPreview(preview));
          return 0;
        }
        const result = await restoreSnapshot(repository, request);
        board.close();
        await output.summary(result, renderRestored(result));
        return result.status === 'partial' ? partialExitCode : 0;
      },
    );
  } finally {
    board.close();
  }
}

/** @throws {Failure} InvalidInput for what would remove more than anybody means */
function assertSafe({ target, delete: isDeleting, overwrite, ...options }: RestoreOptions): void {
  if (isDeleting !== true) return;
  if (overwrite === undefined) {
    throw new Failure('InvalidInput', '--delete is for a target that is not empty', {
      advice: 'Add --overwrite, and look with --dry-run first.',
    });
  }
  const { include, iinclude, includeFile, iincludeFile, exclude, iexclude, excludeFile, iexcludeFile } =
    options;
  const patterns = [
    include,
    iinclude,
    includeFile,
    iincludeFile,
    exclude,
    iexclude,
    excludeFile,
    iexcludeFile,
  ];
  if (/^\/+$/.test(target) && patterns.every((list) => list === undefined)) {
    throw new Failure('InvalidInput', '--delete with the target / would remove all that the snapshot lacks', {
      advice: 'Say by --include or --exclude what is meant.',
    });
  }
}

function overwriteMode(text: string): OverwriteMode {
  const mode = overwriteModes.find((known) => known === text);
  if (mode) return mode;
  throw new InvalidArgumentError(`It must be one of ${overwriteModes.join(', ')}.`);
}
