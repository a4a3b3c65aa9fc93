import { readFile } from 'node:fs/promises';
import mysql from 'mysql2/promise';
import { z } from 'zod';
import { Failure, isFailure } from '../../contracts/failures.ts';
import { codeOf } from '../database-failures.ts';
import { describeServer, isSocket, type MysqlConnection } from './connection.ts';
import { serverFailure } from './server-errors.ts';

/** Longest wait for one attempt to connect, in ms. */
const connectTimeoutMs = 15_000;

export interface SessionOptions {
  readonly database?: string;
  /** Statements are bytes that must reach the server unchanged, whatever character set they are in. */
  readonly isRaw?: boolean;
}

/** One connection to a server. Ends when the signal is aborted. */
export class MysqlSession {
  /** Whether the connection is encrypted. */
  readonly isEncrypted: boolean;
  readonly #connection: mysql.Connection;
  readonly #subject: string;
  readonly #signal: AbortSignal;
  readonly #lost = Promise.withResolvers<void>();
  readonly #onAbort = (): void => this.#connection.destroy();

  private constructor(
    connection: mysql.Connection,
    facts: { readonly subject: string; readonly signal: AbortSignal; readonly isEncrypted: boolean },
  ) {
    this.#connection = connection;
    this.#subject = facts.subject;
    this.#signal = facts.signal;
    this.isEncrypted = facts.isEncrypted;
    // The query under way, or the next one, tells of it.
    connection.on('error', () => this.#lost.resolve());
    facts.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /**
   * @throws {Failure} SourceUnreachable, SourceAuthentication, SourceMissing, SourceUnsupported,
   *   InvalidConfiguration; the reason of the signal
   */
  static async open(
    connection: MysqlConnection,
    signal: AbortSignal,
    options: SessionOptions = {},
  ): Promise<MysqlSession> {
    signal.throwIfAborted();
    const subject = `The server at ${describeServer(connection)}`;
    const { opened, isEncrypted } = await connect(connection, options, { subject, signal });
    const session = new MysqlSession(opened, { subject, signal, isEncrypted });
    if (signal.aborted) opened.destroy();
    // Whatever the server's default is, a backslash escapes, and "x" is a text.
    await session.run("SET SESSION sql_mode = ''");
    return session;
  }

  /** Runs a statement and parses each row of its result. */
  async rows<T>(schema: z.ZodType<T>, sql: string, values: readonly unknown[] = []): Promise<readonly T[]> {
    const result = await this.#query(sql, values);
    if (!Array.isArray(result)) throw new Failure('Internal', `${this.#subject} gave no rows for a query`);
    return result.map((row: unknown) => schema.parse(row));
  }

  /** The single row of a result. */
  async row<T>(schema: z.ZodType<T>, sql: string, values: readonly unknown[] = []): Promise<T> {
    const [row] = await this.rows(schema, sql, values);
    return row ?? schema.parse(row);
  }

  /** Runs a statement whose result does not matter. Of a raw session: each character is one byte. */
  async run(sql: string): Promise<void> {
    await this.#query(sql, []);
  }

  /** Runs a statement with values whose result does not matter. */
  async change(sql: string, values: readonly unknown[]): Promise<void> {
    await this.#query(sql, values);
  }

  /** Safe to repeat. */
  async close(): Promise<void> {
    this.#signal.removeEventListener('abort', this.#onAbort);
    // One that the server has ended never answers the farewell.
    await Promise.race([this.#connection.end().catch(() => {}), this.#lost.promise]);
    this.#connection.destroy();
  }

  async #query(sql: string, values: readonly unknown[]): Promise<unknown> {
    this.#signal.throwIfAborted();
    try {
      const [result] = await this.#connection.query(sql, values.length === 0 ? undefined : [...values]);
      return result;
    } catch (error) {
      this.#signal.throwIfAborted();
      throw isFailure(error) ? error : serverFailure(this.#subject, error);
    }
  }
}

/** A condition in a result: MySQL gives 0 and 1 as text, MariaDB as numbers. */
export const flagSchema = z.coerce.number().transform((value) => value !== 0);

/** `name`, to stand in a statement. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** `database`.`name`, to stand in a statement. */
export function qualified(database: string, name: string): string {
  return `${quoteName(database)}.${quoteName(name)}`;
}

interface Attempt {
  readonly subject: string;
  readonly signal: AbortSignal;
}

interface Opened {
  readonly opened: mysql.Connection;
  readonly isEncrypted: boolean;
}

async function connect(
  connection: MysqlConnection,
  options: SessionOptions,
  { subject, signal }: Attempt,
): Promise<Opened> {
  const { sslMode = 'prefer', host } = connection;
  const config = clientConfig(connection, options);
  const isEncrypted = sslMode !== 'disable' && !isSocket(host);
  try {
    const ssl = isEncrypted ? { ssl: await tlsOptions(connection) } : {};
    return { opened: await connectOnce({ ...config, ...ssl }, signal), isEncrypted };
  } catch (error) {
    signal.throwIfAborted();
    const isRefused = codeOf(error) === 'HANDSHAKE_NO_SSL_SUPPORT';
    if (sslMode !== 'prefer' || !isRefused) throw serverFailure(subject, error);
  }
  try {
    return { opened: await connectOnce(config, signal), isEncrypted: false };
  } catch (error) {
    signal.throwIfAborted();
    throw serverFailure(subject, error);
  }
}

function clientConfig(
  connection: MysqlConnection,
  { database, isRaw }: SessionOptions,
): mysql.ConnectionOptions {
  const { host, port, user, password } = connection;
  return {
    ...(isSocket(host) ? { socketPath: host } : { host, port }),
    user,
    ...(password === undefined ? {} : { password: password.reveal() }),
    ...(database === undefined ? {} : { database }),
    // Node writes "latin1" text byte by byte; the driver must not learn that a statement sets another one.
    ...(isRaw === true
      ? { charset: 'latin1_swedish_ci', flags: ['-SESSION_TRACK'] }
      : { charset: 'utf8mb4_general_ci' }),
    connectTimeout: connectTimeoutMs,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    // Names and definitions are read as the text that they are.
    jsonStrings: true,
    enableKeepAlive: true,
    keepAliveInitialDelay: 30_000,
    connectAttributes: { program_name: 'resguardo' },
  };
}

async function tlsOptions({
  sslMode = 'prefer',
  sslRootCertificate,
}: MysqlConnection): Promise<mysql.SslOptions> {
  const isVerified = sslMode === 'verify-ca' || sslMode === 'verify-full';
  return {
    rejectUnauthorized: isVerified,
    verifyIdentity: sslMode === 'verify-full',
    ...(sslRootCertificate === undefined ? {} : { ca: await readPem(sslRootCertificate) }),
  };
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('InvalidConfiguration', `The file of trusted certificates cannot be read: ${reason}`, {
      cause,
    });
  }
}

async function connectOnce(config: mysql.ConnectionOptions, signal: AbortSignal): Promise<mysql.Connection> {
  const connecting = mysql.createConnection(config);
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([connecting, aborted.promise]);
  } catch (error) {
    // One that is made after all must not stay open.
    connecting.then(
      (late) => late.destroy(),
      () => {},
    );
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
