import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandContext, Definition } from '../../context.ts';
import { withExamples } from '../../examples.ts';
import { type CacheSelection, cacheFolder } from '../../metadata-cache.ts';
import { positiveCount } from '../../option-values.ts';
import { formatBytes, formatQuantity, formatTime, shortId } from '../../output/format.ts';
import { renderTable } from '../../output/table.ts';

interface Options extends CacheSelection {
  readonly cleanup?: boolean;
  readonly maxAge: number;
}

interface RepositoryCache {
  readonly id: string;
  readonly bytes: number;
  /** RFC 3339. */
  readonly lastUsed: string;
  readonly isOld: boolean;
}

const dayMs = 24 * 60 * 60 * 1000;

export function defineRepoCache({ parent, run }: Definition): void {
  const command = parent
    .command('cache')
    .description('list the caches of remote repositories on this machine, and remove old ones')
    .option('--cleanup', 'remove those that were not used for long')
    .option('--max-age <days>', 'days after which a cache is old', positiveCount, 30)
    .option(
      '--cache-dir <folder>',
      'folder of the caches (default: RESGUARDO_CACHE_DIR, else below ~/.cache)',
    )
    .action(run(cache));
  withExamples(command, [
    ['resguardo repo cache', 'what is there'],
    ['resguardo repo cache --cleanup --max-age 7', 'remove what was not used for a week'],
  ]);
}

async function cache(context: CommandContext, options: Options): Promise<number> {
  const folder = cacheFolder(context, options);
  const found = await cachesIn(folder, Date.now() - options.maxAge * dayMs);
  const old = found.filter(({ isOld }) => isOld);
  const removed = options.cleanup === true ? old : [];
  for (const { id } of removed) await rm(join(folder, id), { recursive: true, force: true });
  const rows = found.map(({ id, bytes, lastUsed, isOld }) => [
    shortId(id),
    formatTime(new Date(lastUsed)),
    formatBytes(bytes),
    isOld ? (options.cleanup === true ? 'removed' : 'old') : '',
  ]);
  const columns = [
    { title: 'Repository' },
    { title: 'Last used' },
    { title: 'Size', align: 'right' as const },
    { title: '' },
  ];
  const text =
    found.length === 0
      ? `No caches in ${folder}`
      : `${renderTable(columns, rows)}\n${formatQuantity(found.length, 'cache')} in ${folder}`;
  await context.output.result({ folder, caches: found, removed: removed.map(({ id }) => id) }, text);
  return 0;
}

async function cachesIn(folder: string, oldBeforeMs: number): Promise<readonly RepositoryCache[]> {
  const caches: RepositoryCache[] = [];
  for (const id of await readdir(folder).catch(() => [])) {
    if (!/^[0-9a-f]{64}$/.test(id)) continue;
    let [bytes, lastUsedMs] = [0, 0];
    for (const path of await readdir(join(folder, id), { recursive: true })) {
      const status = await stat(join(folder, id, path)).catch(() => undefined);
      if (!status?.isFile()) continue;
      bytes += status.size;
      lastUsedMs = Math.max(lastUsedMs, status.mtimeMs);
    }
    caches.push({ id, bytes, lastUsed: new Date(lastUsedMs).toISOString(), isOld: lastUsedMs < oldBeforeMs });
  }
  return caches;
}
