import { Failure, isFailure } from '../../../contracts/failures.ts';
import { type MoveProgress, type MoveResult, moveRepository } from '../../../repository/move/move.ts';
import { readMovedNote } from '../../../repository/move/moved-note.ts';
import { Repository } from '../../../repository/repository.ts';
import type { Secret } from '../../../secrets/secret.ts';
import type { Store } from '../../../stores/store.ts';
import { auditedRepository } from '../../audit.ts';
import { storeOf } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { partialExitCode } from '../../failure.ts';
import { targetOf } from '../../move-target.ts';
import { positiveInteger } from '../../option-values.ts';
import { formatBytes, formatQuantity } from '../../output/format.ts';
import { createProgressBoard } from '../../output/progress.ts';
import type { ProgressRow } from '../../output/progress-board.ts';
import { tolerantPrices } from '../../prices.ts';
import { addRepositoryOptions, type RepositorySelection, resolveAccess } from '../../repository-access.ts';
import { switchConfiguration } from '../../switch-configuration.ts';
import { type ThawOptions, thawBeforeMove, thawOption } from '../../thaw.ts';

interface Options extends RepositorySelection, ThawOptions {
  readonly to?: string;
  readonly toRepository?: string;
  readonly readData: boolean;
  readonly switch?: boolean;
}

export function defineRepoMove({ parent, run }: Definition): void {
  const command = parent
    .command('move')
    .description('move a repository to another place, with its keys, ids and snapshots')
    .option('--to <url>', 'the new place, which has to be empty; access to it comes from the environment')
    .option('--to-repository <name>', 'the same by an entry of the configuration that says how it is reached')
    .option('--no-read-data', 'do not read every byte back from the new place')
    .addOption(thawOption())
    .option('--thaw-days <days>', 'how long what was thawed stays readable (default: 7)', positiveInteger)
    .option('--switch', 'change the configuration file without asking');
  addRepositoryOptions(command).action(
    run(move, {
      action: 'repo.move',
      subjects: (options) => [auditedRepository(options)],
      detail: ({ to, toRepository }) => ({ to: auditedRepository({ repo: to, repository: toRepository }) }),
    }),
  );
  withExamples(command, [
    [
      'resguardo repo move --repository offsite --to gs:acme-backup:/main',
      'to another provider; the same command goes on after it was stopped',
    ],
    [
      'resguardo repo move --repo /srv/backup --to /mnt/backup --password-file key',
      'without a configuration',
    ],
  ]);
}

async function move(context: CommandContext, options: Options): Promise<number> {
  if (options.lock === false) {
    throw new Failure('InvalidInput', 'A move needs locks: others must not write meanwhile', {
      advice: 'Leave out --no-lock.',
    });
  }
  const access = await resolveAccess(context, options);
  const target = await targetOf(context, options);
  const from = await storeOf(context, access);
  const to = await storeOf(context, { ...target, limits: access.limits ?? {} });
  try {
    const result = (await wasMoved(from, to))
      ? undefined
      : await moveFiles(context, options, { from, to, password: access.password });
    const switched = await switchConfiguration(context, { ...options, target });
    const document = { status: 'done', from: from.location, to: to.location, ...result, ...switched };
    const isClosed = result?.stillOpen === undefined;
    const status = isClosed ? 'done' : 'partial';
    const text = [...render(result, { ...options, from, to }), ...switched.next].join('\n');
    await context.output.summary({ ...document, status, stillOpen: result?.stillOpen?.message }, text);
    return isClosed ? 0 : partialExitCode;
  } finally {
    await from.close();
    await to.close();
  }
}

/** Whether an earlier call has done it, and was stopped before it could say so. */
async function wasMoved(from: Store, to: Store): Promise<boolean> {
  if ((await from.size({ type: 'config', name: '' })) !== undefined) return false;
  return (await readMovedNote(from))?.to === to.location;
}

async function moveFiles(
  context: CommandContext,
  { readData, retryLock = 0, ...options }: Options,
  { from, to, password }: { readonly from: Store; readonly to: Store; readonly password: Secret },
): Promise<MoveResult> {
  const { signal, output } = context;
  const board = createProgressBoard({ output });
  const repository = await Repository.open(from, password);
  try {
    const note = (text: string): void => board.note(text);
    const prices = await tolerantPrices(context, options, note);
    await thawBeforeMove({ from, to }, { options, signal, note, prices });
    const row = board.row('move');
    return await moveRepository({
      from: repository,
      to,
      password,
      readData,
      lockWaitMs: retryLock,
      signal,
      onProgress: (progress) => showProgress(row, progress),
    }).finally(() => row.finish());
  } catch (error) {
    throw isFailure(error, 'RepositoryLocked') ? stoppedByLock(error) : error;
  } finally {
    board.close();
    await repository.close();
  }
}

function stoppedByLock(error: Failure): Failure {
  return new Failure('RepositoryLocked', error.message, {
    cause: error,
    advice: 'Run it again when that has ended, or with --retry-lock 1h: what was copied is used.',
  });
}

const stepNames: Readonly<Record<MoveProgress['step'], string>> = {
  copy: 'copying files',
  verify: 'reading the new place',
  lock: 'waiting for others to end',
  finish: 'closing the old place',
};

function showProgress(row: ProgressRow, { step, filesDone, bytesDone, bytesTotal }: MoveProgress): void {
  row.update({
    phase: step === 'verify' ? 'check' : 'copy',
    filesDone,
    bytesDone,
    bytesStored: 0,
    ...(bytesTotal > 0 && { totalBytes: bytesTotal }),
    current: stepNames[step],
  });
}

interface Moved {
  readonly from: Store;
  readonly to: Store;
  readonly readData: boolean;
}

function render(result: MoveResult | undefined, { from, to, readData }: Moved): readonly string[] {
  if (result === undefined) return [`The repository was moved to ${to.location} before.`];
  const { files, bytes, snapshots, unread, stillOpen } = result;
  const verified = readData ? 'verified there' : 'compared by name and size';
  return [
    `Moved ${formatQuantity(snapshots, 'snapshot')} to ${to.location}: ${formatQuantity(files, 'file')}, ${formatBytes(bytes)}, ${verified}`,
    ...(readData && unread.packs > 0 ? [renderUnread(unread)] : []),
    stillOpen === undefined
      ? `${from.location} is closed, and keeps its files: remove them when you are sure.`
      : `${from.location} could not be closed: ${stillOpen.message} Nothing may be written there any more.`,
  ];
}

function renderUnread({ packs, bytes }: MoveResult['unread']): string {
  return `Not read there, for their class: ${formatQuantity(packs, 'pack')}, ${formatBytes(bytes)}. Their hashes were verified when they were read, and compared by the service when it took them; names and sizes were compared since.`;
}
