import { Argument } from 'commander';
import { Failure } from '../../../contracts/failures.ts';
import { Compressor } from '../../../repository/compression.ts';
import type { Repository } from '../../../repository/repository.ts';
import { SealedFiles } from '../../../repository/sealed-files.ts';
import { auditedRepository } from '../../audit.ts';
import { withLockedRepository } from '../../composition.ts';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { addRepositoryOptions, type RepositorySelection } from '../../repository-access.ts';
import { findSnapshotFolder } from '../../snapshot-folder.ts';

const kinds = ['config', 'index', 'snapshot', 'key', 'lock', 'pack', 'blob', 'tree'] as const;
type Kind = (typeof kinds)[number];

export function defineRepoCat({ parent, run }: Definition): void {
  const command = parent
    .command('cat')
    .description('write a part of a repository as it is, decrypted; never the master key')
    .addArgument(new Argument('<kind>', 'what it is').choices(kinds))
    .argument('[id]', 'first digits of its id; of a tree: SNAPSHOT:/FOLDER; none for config');
  addRepositoryOptions(command).action(
    run(cat, {
      action: 'repo.cat',
      // Content of files leaves the repository, as it does by a restore.
      subjects: (kind, _id, options) =>
        kind === 'blob' || kind === 'pack' ? [auditedRepository(options)] : [],
      detail: (kind, id = '') => ({ kind, id }),
    }),
  );
  withExamples(command, [
    ['resguardo repo cat snapshot latest --repo /srv/backup', 'what a snapshot says'],
    ['resguardo repo cat tree latest:/etc --repo /srv/backup', 'a folder as it is stored'],
    ['resguardo repo cat blob 1a2b3c4d --repo /srv/backup', 'a piece of a file'],
  ]);
}

async function cat(
  context: CommandContext,
  kind: Kind,
  id: string | undefined,
  options: RepositorySelection,
): Promise<number> {
  if (kind !== 'config' && id === undefined) {
    throw new Failure('InvalidInput', `Which ${kind} is meant?`, {
      advice: 'Give the first digits of its id; `resguardo repo list` shows them.',
    });
  }
  await withLockedRepository(context, { ...options, purpose: 'read' }, async (repository, signal) => {
    const bytes = await load(repository, kind, id ?? '', signal);
    await context.output.bytes(bytes);
    if (bytes[0] === openBrace && bytes.at(-1) !== lineEnd) await context.output.bytes(Buffer.from('\n'));
  });
  return 0;
}

const [openBrace, lineEnd] = [0x7b, 0x0a];

async function load(repository: Repository, kind: Kind, id: string, signal: AbortSignal): Promise<Buffer> {
  const { store, sealing } = repository;
  const files = new SealedFiles({ store, sealing, compressor: new Compressor('default') });
  switch (kind) {
    case 'config':
      return found(await files.load('config', '', signal), kind, id);
    case 'snapshot':
      return found(await files.load('snapshot', (await repository.findSnapshot(id)).id, signal), kind, id);
    case 'index':
    case 'lock':
      return found(await files.load(kind, await nameOf(repository, kind, id, signal), signal), kind, id);
    case 'key':
    case 'pack': {
      const type = kind === 'pack' ? 'data' : 'key';
      const name = await nameOf(repository, type, id, signal);
      return found(await store.load({ type, name }, undefined, signal), kind, id);
    }
    case 'tree': {
      await repository.loadIndex(signal);
      const { tree } = await findSnapshotFolder(repository, id, {}, signal);
      return await repository.loadBlob('tree', tree, signal);
    }
    case 'blob':
      return await blob(repository, id, signal);
  }
}

async function blob(repository: Repository, prefix: string, signal: AbortSignal): Promise<Buffer> {
  await repository.loadIndex(signal);
  const matches = new Map<string, 'data' | 'tree'>();
  for (const { type, id } of repository.index.blobs()) if (id.startsWith(prefix)) matches.set(id, type);
  const [first, second] = matches;
  if (first && !second) return await repository.loadBlob(first[1], first[0], signal);
  throw ambiguous('blob', prefix, first !== undefined);
}

async function nameOf(
  { store }: Repository,
  type: 'index' | 'lock' | 'key' | 'data',
  prefix: string,
  signal: AbortSignal,
): Promise<string> {
  const names: string[] = [];
  for await (const { name } of store.list(type, signal)) if (name.startsWith(prefix)) names.push(name);
  const [name, second] = names;
  if (name !== undefined && second === undefined) return name;
  throw ambiguous(type, prefix, name !== undefined);
}

function found(bytes: Buffer | undefined, kind: Kind, id: string): Buffer {
  if (bytes) return bytes;
  throw ambiguous(kind, id, false);
}

function ambiguous(kind: string, prefix: string, isThere: boolean): Failure {
  return new Failure(
    'InvalidInput',
    `${isThere ? 'More than one' : 'No'} ${kind} has an id with "${prefix}"`,
    {
      advice: 'Look with `resguardo repo list`.',
    },
  );
}
