import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { severities } from '../contracts/notifications.ts';
import { emptyNotifyState, type NotifyState, type NotifyStore } from './state.ts';

const severity = z.enum(severities);

const topicSchema = z.object({
  topic: z.string(),
  severity: z.union([severity, z.literal('ok')]),
  reason: z.string().exactOptional(),
  since: z.string(),
  toldSeverity: severity.exactOptional(),
  toldAt: z.string().exactOptional(),
  occurrences: z.number(),
  lastAt: z.string(),
  lastId: z.string(),
});

const notificationSchema = z.object({
  id: z.string(),
  topic: z.string(),
  severity,
  kind: z.enum(['problem', 'worse', 'changed', 'reminder', 'recovery', 'test']),
  title: z.string(),
  message: z.string(),
  reason: z.string().exactOptional(),
  advice: z.string().exactOptional(),
  command: z.string().exactOptional(),
  facts: z.record(z.string(), z.string()).exactOptional(),
  at: z.string(),
  since: z.string(),
  occurrences: z.number(),
});

const stateSchema = z.object({
  topics: z.record(z.string(), topicSchema),
  pending: z.array(
    z.object({
      id: z.string(),
      notification: notificationSchema,
      channels: z.array(z.string()),
      claimedUntil: z.string().exactOptional(),
    }),
  ),
});

/**
 * Keeps the state in one file of mode 600, written whole, for one process at a time. Telling must not depend
 * on it: a file that cannot be understood is moved aside, and where none can be written (the disk is full, and
 * that is what is to be told) the state is kept in memory. Then something may be told twice after a restart.
 */
export class NotifyStateFile implements NotifyStore {
  readonly #file: string;
  #turn: Promise<unknown> = Promise.resolve();
  #unwritten: NotifyState | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  change<T>(change: (state: NotifyState) => { readonly state: NotifyState; readonly result: T }): Promise<T> {
    const turn = this.#turn.then(async () => {
      const before = this.#unwritten ?? (await this.#read().catch(() => emptyNotifyState));
      const { state, result } = change(before);
      if (state !== before || this.#unwritten !== undefined) {
        this.#unwritten = await this.#write(state).then(
          () => undefined,
          () => state,
        );
      }
      return result;
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #read(): Promise<NotifyState> {
    const text = await readFile(this.#file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return emptyNotifyState;
    const parsed = stateSchema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    await rename(this.#file, `${this.#file}.damaged`);
    return emptyNotifyState;
  }

  async #write(state: NotifyState): Promise<void> {
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    const temporary = `${this.#file}.${process.pid}.tmp`;
    try {
      const handle = await open(temporary, 'w', 0o600);
      try {
        await handle.writeFile(JSON.stringify(state));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, this.#file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
