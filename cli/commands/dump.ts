import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Option } from 'commander';
import { Failure } from '../../contracts/failures.ts';
import type { ArchiveMember } from '../../repository/archives/member.ts';
import { tarArchive } from '../../repository/archives/tar.ts';
import { zipArchive } from '../../repository/archives/zip.ts';
import { readFile } from '../../repository/read-file.ts';
import type { Repository } from '../../repository/repository.ts';
import type { TreeNode } from '../../repository/tree/node.ts';
import { findNode, walkTree } from '../../repository/tree/walk.ts';
import { snapshotPath } from '../archive-path.ts';
import { auditedRepository } from '../audit.ts';
import { withLockedRepository } from '../composition.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { formatBytes, shortId } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import { addRepositoryOptions, type RepositorySelection } from '../repository-access.ts';
import { findSnapshotFolder, type SnapshotFolder } from '../snapshot-folder.ts';
import { addSnapshotOptions, type SnapshotOptions } from '../snapshot-options.ts';

interface Options extends RepositorySelection, SnapshotOptions {
  readonly target?: string;
  readonly archive: 'tar' | 'zip';
}

export function defineDump({ parent, run }: Definition): void {
  const command = parent
    .command('dump')
    .description('write a file of a snapshot, or a folder as an archive, to standard output')
    .argument('<snapshot>', 'first digits of its id, or "latest"; SNAPSHOT:/FOLDER for a folder of it')
    .argument('<path>', 'the file or folder, as an absolute path')
    .addOption(new Option('-a, --archive <format>', 'of a folder').choices(['tar', 'zip']).default('tar'))
    .option('-t, --target <file>', 'write to this new file instead');
  addSnapshotOptions(addRepositoryOptions(command)).action(
    run(dump, {
      action: 'dump',
      subjects: (_id, _path, options) => [auditedRepository(options)],
      detail: (snapshot, path) => ({ snapshot, path }),
    }),
  );
  withExamples(command, [
    ['resguardo dump latest /etc/fstab --source etc', 'look at a file'],
    ['resguardo repo dump latest /etc --archive zip --target etc.zip --repo /srv/backup', 'a folder'],
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
      await repository.loadIndex(signal);
      const folder = await findSnapshotFolder(repository, id, options, signal);
      const node = await findNode(repository, folder.tree, absolute, signal);
      const content =
        node?.type === 'file'
          ? readFile(repository, node, signal)
          : archiveOf({ repository, tree: folderTree(node, absolute, folder), signal }, options.archive);
      let written = 0;
      const counted = async function* (): AsyncGenerator<Uint8Array> {
        for await (const data of content) {
          written += data.length;
          yield data;
        }
      };
      if (target === undefined) await pipeline(counted, standardOutput(output), { signal });
      else await pipeline(counted, await newFile(target), { signal });
      return written;
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

interface Dumped {
  readonly repository: Repository;
  readonly tree: string;
  readonly signal: AbortSignal;
}

/** A folder as an archive; the paths in it start in the folder. */
function archiveOf(
  { repository, tree, signal }: Dumped,
  format: Options['archive'],
): AsyncIterable<Uint8Array> {
  const members = async function* (): AsyncGenerator<ArchiveMember> {
    for await (const { path, node } of walkTree(repository, tree, signal)) {
      yield { path: path.subarray(1), node, content: () => readFile(repository, node, signal) };
    }
  };
  return format === 'zip' ? zipArchive(members()) : tarArchive(members());
}

/** @throws {Failure} InvalidInput for what is neither a file nor a folder */
function folderTree(
  node: TreeNode | undefined,
  path: string,
  { tree, snapshot: { id } }: SnapshotFolder,
): string {
  if (path.replaceAll('/', '') === '') return tree;
  if (node?.subtree !== undefined) return node.subtree;
  const what = node === undefined ? 'is not in' : `is neither a file nor a folder but a ${node.type} in`;
  throw new Failure('InvalidInput', `${path} ${what} the snapshot ${shortId(id)}`, {
    advice: `Look with \`resguardo ls ${shortId(id)}\`.`,
  });
}
