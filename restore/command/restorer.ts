import { isAbsolute } from 'node:path';
import { Failure } from '../../contracts/failures.ts';
import type { RestoreCheck } from '../../contracts/jobs.ts';
import {
  type Command,
  checkWords,
  programName,
  programRequest,
  requireProgram,
} from '../../programs/command.ts';
import type { ProgramHost } from '../../programs/host.ts';
import { runProgram } from '../../programs/run.ts';
import { readFile } from '../../repository/read-file.ts';
import { fileNameOf } from '../../sources/produced-files.ts';
import { createFilesRestorer } from '../files/restorer.ts';
import type { RestoredCounts, RestoreJob, Restorer } from '../restorer.ts';
import { fileOf } from '../snapshot-files.ts';

export interface CommandRestorerOptions {
  /** Name of the source: the folder of its snapshots. */
  readonly source: string;
  /** File in the snapshot that holds the output. */
  readonly file: string;
  /** Takes the output at its standard input. */
  readonly restoreCommand: Command | undefined;
  readonly host: ProgramHost;
}

/** Target of a restore that feeds the restore command. */
const commandTarget = 'command';

/** Restores the output of a command: into a folder, or by feeding it to the restore command. */
export function createCommandRestorer(options: CommandRestorerOptions): Restorer {
  const files = createFilesRestorer();
  const isFed = ({ target }: RestoreJob): boolean => target === commandTarget;
  return {
    async checkTarget(target, signal) {
      if (isAbsolute(target)) return await files.checkTarget(target, signal);
      if (target === commandTarget) {
        requireProgram(restoreCommandOf(options), options.host);
        return target;
      }
      throw new Failure(
        'InvalidInput',
        `target: "${target}" is neither "${commandTarget}" nor an absolute path`,
        {
          advice: `Write "${commandTarget}" to feed the restore command of the source, or a new folder for the file.`,
        },
      );
    },
    restore: (job) => (isFed(job) ? feed(options, job) : files.restore(job)),
    compare: (job) => (isFed(job) ? compare(options, job) : files.compare(job)),
    close: () => files.close(),
  };
}

function restoreCommandOf({ source, restoreCommand }: CommandRestorerOptions): Command {
  if (restoreCommand !== undefined) return restoreCommand;
  throw new Failure('InvalidInput', `target: the source ${source} has no restoreCommand`, {
    advice: 'Add it to the configuration, or restore the file into a folder.',
  });
}

/** The command may run twice, when a first attempt was lost: it has to bear that. */
async function feed(options: CommandRestorerOptions, job: RestoreJob): Promise<RestoredCounts> {
  const command = restoreCommandOf(options);
  const node = await fileOf(options.source, fileNameOf(options.file), job);
  let bytes = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of readFile(job.reader, node, job.signal)) {
      yield chunk;
      bytes += chunk.length;
      job.onProgress({ bytesDone: bytes, current: programName(command) });
    }
  }
  const program = runProgram({
    ...programRequest(command),
    stdin: counted(),
    host: options.host,
    signal: job.signal,
  });
  program.stdout.resume();
  const { stderrTail } = await program.completed;
  checkWords(command, stderrTail);
  return { files: 1, bytes };
}

/** What the command has made of it only the command knows. */
async function compare(options: CommandRestorerOptions, job: RestoreJob): Promise<readonly RestoreCheck[]> {
  const { size = 0n } = await fileOf(options.source, fileNameOf(options.file), job);
  const detail = `ended well after ${size} bytes; what it made of them was not compared`;
  return [{ subject: programName(restoreCommandOf(options)), passed: true, detail }];
}
