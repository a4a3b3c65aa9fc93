import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { WatchState } from '../policy/security/changes.ts';
import type { Snapshot } from '../repository/snapshot.ts';

/** What is remembered of a repository between two looks. */
export interface WatchMemory {
  readonly state: WatchState<Snapshot>;
  /** When each source was first seen in the configuration, ISO in UTC. */
  readonly sources: Readonly<Record<string, string>>;
}

const memorySchema = z.object({
  version: z.literal(1),
  state: z.object({
    id: z.string(),
    lookedAt: z.string(),
    keys: z.array(
      z.object({ id: z.string(), hostname: z.string(), username: z.string(), created: z.string() }),
    ),
    snapshots: z.array(z.custom<Snapshot>(isSnapshot)),
    events: z.array(
      z.object({
        kind: z.enum(['replaced', 'key', 'snapshot']),
        id: z.string(),
        text: z.string(),
        noticedAt: z.string(),
        outOf: z.number().exactOptional(),
      }),
    ),
  }),
  sources: z.record(z.string(), z.string()),
});

/**
 * What is remembered of each repository, a file each of mode 600 in a folder of mode 700. It is not part of
 * the catalog, which may be lost and rebuilt from the very repository that is watched.
 */
export class WatchFiles {
  readonly #folder: string;

  constructor(stateDir: string) {
    this.#folder = path.join(stateDir, 'watch');
  }

  /** Undefined for a repository that was not looked at before, or whose file cannot be understood. */
  async read(repository: string): Promise<WatchMemory | undefined> {
    try {
      const parsed = memorySchema.safeParse(JSON.parse(await readFile(this.#file(repository), 'utf8')));
      return parsed.success ? parsed.data : undefined;
    } catch (error) {
      if (error instanceof SyntaxError || isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Writes the whole file and renames it into place. */
  async write(repository: string, memory: WatchMemory): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const file = this.#file(repository);
    const temporary = `${file}.${process.pid}.tmp`;
    try {
      const handle = await open(temporary, 'w', 0o600);
      try {
        await handle.writeFile(JSON.stringify({ version: 1, ...memory }));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  #file(repository: string): string {
    return path.join(this.#folder, `${repository}.json`);
  }
}

/** As the engine decoded it, and we wrote it. */
function isSnapshot(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (!('id' in value && 'time' in value && 'tree' in value && 'paths' in value && 'tags' in value))
    return false;
  const { id, time, tree, paths, tags } = value;
  return (
    [id, time, tree].every((text) => typeof text === 'string') && Array.isArray(paths) && Array.isArray(tags)
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
