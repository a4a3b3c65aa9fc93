import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../../contracts/failures.ts';
import { readFile } from '../../repository/read-file.ts';
import { findNode } from '../../repository/tree/walk.ts';
import { snapshotPath } from '../archive-path.ts';
import { auditedRepository } from '../audit.ts';
import { withLockedRepository } from '../composition.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { formatBytes, shortId } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import { addRepositoryOptions, type RepositorySelection } from '../repository-access.ts';
import { addSnapshotOptions, type SnapshotOptions, snapshotFilter } from '../snapshot-options.ts';

interface Options extends RepositorySelection, SnapshotOptions {
  readonly target?: string;
}

export function defineDump({ parent, run }: Definition): void {
  const command = parent
    .command('dump')
    .description('write one file of a snapshot to standard output')
    .argument('<snapshot>', 'first digits of its id, or "latest"')
    .argument('<path>', 'the file, as an absolute path')
    .option('--target <file>', 'write it to this new file instead');
  addSnapshotOptions(addRepositoryOptions(command)).action(
    run(dump, {
      action: 'dump',
      subjects: (_id, _path, options) => [auditedRepository(options)],
      detail: (snapshot, path) => ({ snapshot, path }),
    }),
  );
  withExamples(command, [
    ['resguardo dump latest /etc/fstab --source etc', 'look at a file'],
    ['resguardo repo dump latest /dump.sql --repo /srv/backup | psql shop', 'feed it to a program'],
  ]);
}

async function dump(context: CommandContext, id: string, path: string, options: Options): Promise<number> {
  const { output, cwd } = context;
  if (output.json && options.target === undefined) {
    throw new Failure('InvalidInput', 'dump writes the file itself to standard output, and no JSON', {
      advice: 'Leave --json out, or give --target FILE.',
    });
  }
  const target = options.target === undefined ? undefined : resolve(cwd, options.target);
  const absolute = snapshotPath(path);
  const bytes = await withLockedRepository(
    context,
    { ...options, purpose: 'read' },
    async (repository, signal) => {
      const snapshot = await repository.findSnapshot(id, snapshotFilter(options));
      await repository.loadIndex(signal);
      const node = await findNode(repository, snapshot.tree, absolute, signal);
      if (node?.type !== 'file') throw noFile(absolute, snapshot.id, node?.type);
      const content = readFile(repository, node, signal);
      if (target === undefined) await pipeline(content, standardOutput(output), { signal });
      else await pipeline(content, await newFile(target), { signal });
      return Number(node.size ?? 0n);
    },
  );
  if (target !== undefined)
    await output.result({ path: target, bytes }, `Wrote ${target} (${formatBytes(bytes)})`);
  return 0;
}

/** Unlike the process's own stream it can be ended. */
function standardOutput(output: Output): Writable {
  return new Writable({
    write: (data: Uint8Array, _encoding, done) => {
      output.bytes(data).then(() => done(), done);
    },
  });
}

/** Refuses to overwrite. */
async function newFile(path: string): Promise<Writable> {
  try {
    return (await open(path, 'wx', 0o600)).createWriteStream();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const message = exists ? `The target ${path} exists` : `Cannot write the target: ${reason}`;
    throw new Failure(exists ? 'TargetConflict' : 'TargetUnwritable', message, { cause: error });
  }
}

function noFile(path: string, snapshot: string, type: string | undefined): Failure {
  const what = type === undefined ? 'is not in' : `is no file but a ${type === 'dir' ? 'folder' : type} in`;
  return new Failure('InvalidInput', `${path} ${what} the snapshot ${shortId(snapshot)}`, {
    advice:
      type === 'dir'
        ? 'Restore a folder with `resguardo repo restore --include`.'
        : `Look with \`resguardo ls ${shortId(snapshot)}\`.`,
  });
}
