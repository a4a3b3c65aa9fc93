import { isFailure } from '../../contracts/failures.ts';
import type { Warning } from '../../contracts/jobs.ts';
import type { MysqlConnection } from '../../sources/mysql/connection.ts';
import { MysqlSession, quoteName } from '../../sources/mysql/session.ts';
import { StatementSplitter } from '../../sources/mysql/statements.ts';
import {
  definerOf,
  disabled,
  eventName,
  forDatabase,
  isEnabled,
  isView,
  kindOf,
  viewWithoutDatabase,
  withoutDatabase,
  withoutDefiner,
} from './dump-statements.ts';
import { belongsTo } from './select-tables.ts';

export interface LoadRequest {
  readonly connection: MysqlConnection;
  /** Empty database that takes the dump. */
  readonly database: string;
  /** Name that it had when it was backed up. */
  readonly recordedName: string;
  readonly dump: AsyncIterable<Uint8Array>;
  /** Users of the target, as `user@host`; undefined if they may not be seen. */
  readonly accounts: ReadonlySet<string> | undefined;
  /** Tables that alone are loaded, with what belongs to them; all of the dump when left out. */
  readonly tables?: ReadonlySet<string>;
  readonly signal: AbortSignal;
  /** All bytes that are loaded so far. */
  readonly onBytes: (bytes: number) => void;
}

export interface LoadResult {
  readonly bytes: number;
  /** Events that ran in the recorded database; the restored ones do not yet. */
  readonly enabledEvents: readonly string[];
  readonly warnings: readonly Warning[];
}

/** Rows that one transaction loads; a server that must undo more takes long. */
const transactionBytes = 33_554_432;

/**
 * Runs the statements of a dump one by one, over a connection of our own: no client program reads it, which
 * would also run what is meant for the machine. Events are made so that they do not run.
 * @throws {Failure} SourceUnsupported for a statement that no dump of a database holds; what the server refuses
 */
export async function loadDump(request: LoadRequest): Promise<LoadResult> {
  const { connection, database, signal } = request;
  const session = await MysqlSession.open(connection, signal, { database, isRaw: true });
  try {
    await session.run('SET SESSION autocommit = 1');
    return await new Loading(request, session).load();
  } finally {
    await session.close();
  }
}

class Loading {
  readonly #request: LoadRequest;
  readonly #session: MysqlSession;
  readonly #events: string[] = [];
  readonly #lostDefiners = new Set<string>();
  #bytes = 0;
  #uncommittedBytes = 0;

  constructor(request: LoadRequest, session: MysqlSession) {
    this.#request = request;
    this.#session = session;
  }

  async load(): Promise<LoadResult> {
    const { dump, onBytes, database } = this.#request;
    const splitter = new StatementSplitter();
    for await (const chunk of dump) {
      for (const { kind, text } of splitter.feed(chunk)) {
        if (kind === 'statement') await this.#run(text.toString('latin1'));
      }
      this.#bytes += chunk.length;
      onBytes(this.#bytes);
    }
    for (const { kind, text } of restOf(splitter))
      if (kind === 'statement') await this.#run(text.toString('latin1'));
    await this.#session.run('COMMIT');
    const lost = [...this.#lostDefiners].toSorted();
    const message = `Views, routines, triggers and events of these users now run in the name of the user of the restore, because they are missing here or may not be acted for: ${lost.join(', ')}`;
    return {
      bytes: this.#bytes,
      enabledEvents: this.#events,
      warnings: lost.length === 0 ? [] : [{ subject: database, message }],
    };
  }

  async #run(statement: string): Promise<void> {
    const { tables } = this.#request;
    const kind = kindOf(statement);
    if (tables !== undefined && !belongsTo(tables, statement, kind)) return;
    switch (kind) {
      case 'insert':
        await this.#session.run(statement);
        await this.#commitSometimes(statement.length);
        return;
      case 'plain':
        await this.#session.run(statement);
        return;
      case 'collation':
        await this.#session.run(forDatabase(statement, latin1(quoteName(this.#request.database))));
        return;
      case 'event':
        await this.#runEvent(statement);
        return;
      case 'code':
        await this.#runCode(this.#withoutDatabase(statement));
        return;
    }
  }

  #withoutDatabase(statement: string): string {
    const name = latin1(this.#request.recordedName);
    return isView(statement) ? viewWithoutDatabase(statement, name) : withoutDatabase(statement, name);
  }

  async #commitSometimes(bytes: number): Promise<void> {
    this.#uncommittedBytes += bytes;
    if (this.#uncommittedBytes < transactionBytes) return;
    this.#uncommittedBytes = 0;
    await this.#session.run('COMMIT');
  }

  async #runEvent(statement: string): Promise<void> {
    const name = eventName(statement);
    if (name !== undefined && isEnabled(statement)) this.#events.push(utf8(name));
    await this.#runCode(disabled(statement));
  }

  async #runCode(statement: string): Promise<void> {
    const { accounts } = this.#request;
    const definer = definerOf(statement);
    if (definer === undefined) return await this.#session.run(statement);
    const isMissing = accounts !== undefined && !accounts.has(utf8(definer));
    try {
      if (!isMissing) return await this.#session.run(statement);
    } catch (error) {
      if (!isFailure(error, 'SourceAuthentication')) throw error;
    }
    this.#lostDefiners.add(utf8(definer));
    await this.#session.run(withoutDefiner(statement));
  }
}

function* restOf(splitter: StatementSplitter) {
  yield* splitter.finish();
}

/** Text as the bytes that a raw session sends, one character each. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString();
}
