import pg from 'pg';
import { z } from 'zod';
import { isFailure } from '../../contracts/failures.ts';
import { describeServer, type PostgresConnection } from './connection.ts';
import { applicationName, connectTimeoutSeconds } from './libpq.ts';
import { serverFailure } from './server-errors.ts';
import { tlsOptions } from './tls.ts';

/**
 * Settings that make values read the same whatever the server, the database or the role have set, and that
 * keep a long transaction alive. A server that does not know one of them is older than it.
 */
const sessionSettings = {
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  TimeZone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '1',
  lc_monetary: 'C',
  xmlbinary: 'base64',
  search_path: '',
  row_security: 'off',
  synchronize_seqscans: 'off',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  transaction_timeout: '0',
  default_transaction_read_only: 'off',
  // The server notices during a long query that we are gone.
  client_connection_check_interval: '10s',
} as const;

/** For programs, as PGOPTIONS: what they do not set themselves, and what changes how values read. */
export const programSettings = '-c bytea_output=hex -c TimeZone=UTC';

/** Longest wait for a lock of ours, in ms; we read, so only a change of structure makes us wait. */
export const defaultLockTimeoutMs = 60_000;

/** One connection to one database. Ends when the signal is aborted. */
export class PostgresSession {
  readonly database: string;
  /** Aborted, with the reason, when the connection is lost or closed. */
  readonly lost: AbortSignal;
  readonly #client: pg.Client;
  readonly #subject: string;
  readonly #lost = new AbortController();
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => this.#destroy(this.#signal.reason);

  private constructor(client: pg.Client, { database, subject, signal }: SessionFacts) {
    this.database = database;
    this.lost = this.#lost.signal;
    this.#client = client;
    this.#subject = subject;
    this.#signal = signal;
    client.on('error', (error) => this.#lost.abort(serverFailure(subject, error)));
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /**
   * @throws {Failure} SourceUnreachable, SourceAuthentication, SourceMissing, SourceUnsupported,
   *   InvalidConfiguration; the reason of the signal
   */
  static async open(
    connection: PostgresConnection,
    database: string,
    signal: AbortSignal,
  ): Promise<PostgresSession> {
    signal.throwIfAborted();
    const subject = `PostgreSQL at ${describeServer(connection)} (database "${database}")`;
    const client = await connect(connection, database, { subject, signal });
    const session = new PostgresSession(client, { database, subject, signal });
    await session.#applySettings();
    return session;
  }

  /** Runs a statement and parses each row of its result. */
  async rows<T>(schema: z.ZodType<T>, sql: string, values: readonly unknown[] = []): Promise<readonly T[]> {
    const result = await this.#query(sql, values);
    return result.rows.map((row: unknown) => schema.parse(row));
  }

  /** The single row of a result. */
  async row<T>(schema: z.ZodType<T>, sql: string, values: readonly unknown[] = []): Promise<T> {
    const [row] = await this.rows(schema, sql, values);
    return row ?? schema.parse(row);
  }

  /** Runs statements whose results do not matter. */
  async run(sql: string): Promise<void> {
    await this.#query(sql, []);
  }

  /** Whether the server itself answers, rather than a pooler that shares its sessions among clients. */
  async isDirect(): Promise<boolean> {
    const { pid } = await this.row(z.object({ pid: z.number() }), 'SELECT pg_backend_pid() AS pid');
    return this.pid === pid;
  }

  /** Process of the server, as it was told when the connection began (protocol message BackendKeyData). */
  get pid(): unknown {
    return 'processID' in this.#client ? this.#client.processID : undefined;
  }

  /** Safe to repeat. */
  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#onAbort);
    if (this.#lost.signal.aborted) return;
    this.#lost.abort(new Error('The session was closed'));
    await this.#client.end().catch(() => {});
  }

  async #applySettings(): Promise<void> {
    const settings = { ...sessionSettings, lock_timeout: String(defaultLockTimeoutMs) };
    await this.#query(
      `SELECT set_config(s.name, s.value, false)
       FROM jsonb_each_text($1::jsonb) AS s(name, value)
       JOIN pg_catalog.pg_settings AS known ON lower(known.name) = lower(s.name)`,
      [JSON.stringify(settings)],
    );
  }

  async #query(sql: string, values: readonly unknown[]): Promise<pg.QueryResult> {
    try {
      return await this.#client.query(sql, [...values]);
    } catch (error) {
      this.#signal.throwIfAborted();
      // A lost connection is told by what ended it rather than by the query that noticed.
      const reason: unknown = this.#lost.signal.reason;
      throw isFailure(reason) ? reason : serverFailure(this.#subject, error);
    }
  }

  #destroy(reason: unknown): void {
    this.#lost.abort(reason);
    destroyClient(this.#client);
  }
}

interface SessionFacts {
  readonly database: string;
  readonly subject: string;
  readonly signal: AbortSignal;
}

async function connect(
  connection: PostgresConnection,
  database: string,
  { subject, signal }: Omit<SessionFacts, 'database'>,
): Promise<pg.Client> {
  const ssl = await tlsOptions(connection);
  const config = clientConfig(connection, database);
  try {
    return await connectOnce({ ...config, ssl }, signal);
  } catch (error) {
    signal.throwIfAborted();
    const mode = connection.sslMode ?? 'prefer';
    if (mode !== 'prefer' || ssl === false || !refusesTls(error)) throw serverFailure(subject, error);
  }
  try {
    return await connectOnce({ ...config, ssl: false }, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw serverFailure(subject, error);
  }
}

function clientConfig(connection: PostgresConnection, database: string): pg.ClientConfig {
  const { host, port, user, password } = connection;
  return {
    host,
    port,
    user,
    database,
    // A function: the driver would take a missing one from our environment.
    password: () => password?.reveal() ?? '',
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutSeconds * 1000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 30_000,
  };
}

async function connectOnce(config: pg.ClientConfig, signal: AbortSignal): Promise<pg.Client> {
  const client = new pg.Client(config);
  client.on('error', () => {});
  const onAbort = (): void => destroyClient(client);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await client.connect();
    return client;
  } catch (error) {
    destroyClient(client);
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function refusesTls(error: unknown): boolean {
  return error instanceof Error && error.message.includes('does not support SSL connections');
}

/** Cuts the connection at once; `end` would wait for the query under way. */
function destroyClient(client: pg.Client): void {
  const connection: unknown = 'connection' in client ? client.connection : undefined;
  if (connection instanceof Object && 'stream' in connection) {
    const { stream } = connection;
    if (stream instanceof Object && 'destroy' in stream && typeof stream.destroy === 'function')
      stream.destroy();
  }
}
