import { setTimeout as wait } from 'node:timers/promises';
import { Failure, isFailure } from '../contracts/failures.ts';
import {
  type CatalogDatabase,
  type CatalogKysely,
  type CatalogTransaction,
  type CatalogWarning,
  migrate,
  openKysely,
} from './database.ts';
import { catalogFailure } from './failures.ts';
import { NodeSqliteDialect, primaryCode } from './sqlite-dialect.ts';
import { type FileIdentity, identityOf, isSameFile, openSqliteFile } from './sqlite-file.ts';
import { recover } from './sqlite-recovery.ts';

export interface SqliteCatalogOptions {
  readonly kind: 'sqlite';
  /** Path of the database file; its folder is made when missing. */
  readonly file: string;
  readonly onWarning?: CatalogWarning;
}

const busy = 5;
const openRetryMs = 25;
const openPatienceMs = 15_000;

interface OpenFile {
  readonly kysely: CatalogKysely;
  readonly identity: FileIdentity;
}

/**
 * Opens the embedded database. A damaged file is moved aside, what can still be read of it is copied into a
 * new one, and people are told; the same happens when damage shows later. A file that someone moved or
 * removed under a running process is opened anew.
 *
 * @throws {Failure} as CatalogDatabase, and CatalogUnsupported
 */
export async function openSqliteDatabase(options: SqliteCatalogOptions): Promise<CatalogDatabase> {
  const database = new SqliteDatabase(options);
  await database.read('open the catalog', async () => undefined);
  return database;
}

class SqliteDatabase implements CatalogDatabase {
  readonly kind = 'sqlite';
  readonly place: string;
  readonly #onWarning: CatalogWarning;
  #open: Promise<OpenFile> | undefined;
  #isClosed = false;

  constructor({ file, onWarning }: SqliteCatalogOptions) {
    this.place = file;
    this.#onWarning = onWarning ?? (() => undefined);
  }

  async read<T>(what: string, work: (database: CatalogKysely) => Promise<T>): Promise<T> {
    const first = await this.#attempt(what, work);
    if (first.done) return first.value;
    const second = await this.#attempt(what, work);
    if (second.done) return second.value;
    throw second.failure;
  }

  write<T>(what: string, work: (transaction: CatalogTransaction) => Promise<T>): Promise<T> {
    return this.read(what, (database) => database.transaction().execute(work));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const open = await this.#open?.catch(() => undefined);
    await open?.kysely.destroy();
  }

  /** Not done when it may succeed at once: the file was damaged, and another is in its place now. */
  async #attempt<T>(
    what: string,
    work: (database: CatalogKysely) => Promise<T>,
  ): Promise<{ done: true; value: T } | { done: false; failure: Failure }> {
    const open = await this.#current(what);
    try {
      return { done: true, value: await work(open.kysely) };
    } catch (error) {
      const failure = catalogFailure(error, { what, place: this.place });
      if (isFailure(failure, 'CatalogDamaged')) await this.#replace(open.identity, failure);
      else if (isSameFile(this.place, open.identity)) throw failure;
      return { done: false, failure };
    }
  }

  /** The open database; opened again when its file is no longer the one at the path. */
  async #current(what: string): Promise<OpenFile> {
    for (;;) {
      if (this.#isClosed) throw new Failure('CatalogUnavailable', `Could not ${what}: the catalog is closed`);
      this.#open ??= this.#openOrRecover(what);
      const opening = this.#open;
      const open = await opening.catch((error: unknown) => {
        if (this.#open === opening) this.#open = undefined;
        throw error;
      });
      if (isSameFile(this.place, open.identity)) return open;
      if (this.#open === opening) {
        this.#open = undefined;
        await open.kysely.destroy();
      }
    }
  }

  async #openOrRecover(what: string): Promise<OpenFile> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await openPatiently(this.place);
      } catch (error) {
        const failure = catalogFailure(error, { what, place: this.place });
        if (!isFailure(failure, 'CatalogDamaged') || attempt > 1) throw failure;
        await this.#replace(identityOf(this.place), failure);
      }
    }
  }

  async #replace(damaged: FileIdentity, failure: Failure): Promise<void> {
    let recovery: Awaited<ReturnType<typeof recover>>;
    try {
      recovery = await recover(this.place, damaged);
    } catch (error) {
      const { message } = catalogFailure(error, { what: 'replace the damaged catalog', place: this.place });
      throw new Failure('CatalogDamaged', `${failure.message}. ${message}`, { cause: error });
    }
    if (recovery === undefined) return;
    const { movedTo, rows } = recovery;
    this.#onWarning(
      `The catalog ${this.place} was damaged (${failure.message}). It was moved to ${movedTo}, and a new one was ` +
        `made with the ${rows} rows that could still be read. What is missing comes back from the repositories.`,
    );
  }
}

/** Another process may be making the file, or turning its log on, at the same time. */
async function openPatiently(file: string): Promise<OpenFile> {
  const deadline = Date.now() + openPatienceMs;
  for (;;) {
    try {
      return await openOnce(file);
    } catch (error) {
      if (primaryCode(error) !== busy || Date.now() > deadline) throw error;
      await wait(openRetryMs);
    }
  }
}

async function openOnce(file: string): Promise<OpenFile> {
  const { database, identity } = openSqliteFile(file);
  const kysely = openKysely(new NodeSqliteDialect(database));
  try {
    await migrate(kysely, file);
    return { kysely, identity };
  } catch (error) {
    await kysely.destroy();
    throw error;
  }
}
