import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../../../contracts/failures.ts';
import { repairPacks } from '../../../../repository/repair/repair-packs.ts';
import type { Repository } from '../../../../repository/repository.ts';
import { auditedRepository } from '../../../audit.ts';
import { withLockedRepository } from '../../../composition.ts';
import type { CommandContext, Definition } from '../../../context.ts';
import { withExamples } from '../../../examples.ts';
import { formatQuantity, shortId } from '../../../output/format.ts';
import { addRepositoryOptions, type RepositorySelection } from '../../../repository-access.ts';

export function defineRepairPacks({ parent, run }: Definition): void {
  const command = parent
    .command('packs')
    .description('save the whole blobs of damaged packs, and take the packs out of the repository')
    .argument('<pack...>', 'first digits of their ids, as `repo check --read-data` names them');
  addRepositoryOptions(command).action(
    run(repair, {
      action: 'repo.repair-packs',
      subjects: (_ids, options) => [auditedRepository(options)],
      detail: (ids) => ({ packs: ids.join(' ') }),
    }),
  );
  withExamples(command, [
    [
      'resguardo repo repair packs 1a2b3c4d --repo /srv/backup',
      'copies of the packs stay in the folder where you are',
    ],
  ]);
}

async function repair(
  context: CommandContext,
  prefixes: readonly string[],
  options: RepositorySelection,
): Promise<number> {
  const { output, cwd } = context;
  const lost: object[] = [];
  const { ids, result } = await withLockedRepository(
    context,
    { ...options, purpose: 'remove' },
    async (repository, signal) => {
      await repository.loadIndex(signal);
      const packs = await findPacks(repository, prefixes, signal);
      for (const id of packs) await keepCopy(repository, id, join(cwd, `pack-${id}`), signal);
      return {
        ids: [...packs],
        result: await repairPacks(repository, packs, {
          signal,
          ...(options.packSize === undefined ? {} : { packSizeBytes: options.packSize }),
          onLost: ({ type, id, pack }) => {
            lost.push({ type, id, pack });
            output.warn(`warning: the ${type} blob ${shortId(id)} of pack ${shortId(pack)} is lost`);
          },
        }),
      };
    },
  );
  await output.result(
    { packs: ids, ...result, lost },
    [
      `Saved ${formatQuantity(result.blobsSaved, 'blob')} of ${formatQuantity(ids.length, 'pack')}; ${result.blobsLost} are lost`,
      `Copies of the packs are in ${cwd}.`,
      result.blobsLost > 0
        ? 'Now run `resguardo repo repair snapshots --dry-run` to see which files they belong to.'
        : 'Nothing is lost.',
    ].join('\n'),
  );
  return 0;
}

/** @throws {Failure} InvalidInput */
async function findPacks(
  repository: Repository,
  prefixes: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const names = (await Array.fromAsync(repository.store.list('data', signal))).map(({ name }) => name);
  // A pack that is gone can be taken out of the index, too.
  for (const { id } of repository.index.blobsByPack()) if (!names.includes(id)) names.push(id);
  const found = prefixes.map((prefix) => {
    const [id, second] = names.filter((name) => name.startsWith(prefix));
    if (id !== undefined && second === undefined) return id;
    throw new Failure(
      'InvalidInput',
      `${id === undefined ? 'No' : 'More than one'} pack has an id with ${prefix}`,
      {
        advice: 'Look with `resguardo repo list packs`.',
      },
    );
  });
  return new Set(found);
}

const sliceBytes = 4 * 1024 * 1024;

/** Keeps a damaged pack: there may be better tools, or a better reading of the disk. */
async function keepCopy({ store }: Repository, id: string, path: string, signal: AbortSignal): Promise<void> {
  const sizeBytes = await store.size({ type: 'data', name: id }, signal);
  if (sizeBytes === undefined) return;
  const file = await open(path, 'w', 0o600);
  try {
    for (let offset = 0; offset < sizeBytes; offset += sliceBytes) {
      const length = Math.min(sliceBytes, sizeBytes - offset);
      const bytes = await store.load({ type: 'data', name: id }, { offset, length }, signal);
      if (bytes) await file.write(bytes);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
