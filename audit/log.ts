import type { CatalogDatabase, CatalogTransaction } from '../catalog/database.ts';
import type { AuditRow } from '../catalog/tables.ts';
import { Failure } from '../contracts/failures.ts';
import { type AuditEntry, type AuditEvent, canonicalJson, entryLine, sealEntry } from './entry.ts';
import { type AuditVerification, type VerifyOptions, verifyChain } from './verify.ts';

export interface AuditFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly subject?: string;
  /** Entries with smaller numbers: the next page. */
  readonly before?: number;
  /** Default 100. */
  readonly limit?: number;
}

const pageSize = 500;
const defaultLimit = 100;
const headId = 1;

/**
 * The audit log: append-only, each entry chained to the one before by its hash, in the catalog's database.
 * Whoever can write to the database can rewrite the whole chain; an export, or its last hash kept elsewhere,
 * shows that.
 *
 * All methods throw {Failure} CatalogUnavailable, CatalogUnwritable, CatalogDamaged or StorageFull; a chain that
 * is broken is a result of `verify`.
 */
export class AuditLog {
  readonly #database: CatalogDatabase;
  readonly #now: () => Date;

  constructor(database: CatalogDatabase, now: () => Date = () => new Date()) {
    this.#database = database;
    this.#now = now;
  }

  /** Adds an entry at the end; processes that do so at once wait for each other. */
  append(event: AuditEvent): Promise<AuditEntry> {
    return this.#database.write(`audit ${event.action} of ${event.subject}`, (transaction) =>
      append(transaction, event, this.#now()),
    );
  }

  /** Newest first. */
  async entries(filter: AuditFilter = {}): Promise<readonly AuditEntry[]> {
    const rows = await this.#database.read('read the audit log', (database) => {
      let query = database.selectFrom('auditLog').selectAll();
      if (filter.actor !== undefined) query = query.where('actor', '=', filter.actor);
      if (filter.action !== undefined) query = query.where('action', '=', filter.action);
      if (filter.subject !== undefined) query = query.where('subject', '=', filter.subject);
      if (filter.before !== undefined) query = query.where('sequence', '<', filter.before);
      return query
        .orderBy('sequence', 'desc')
        .limit(filter.limit ?? defaultLimit)
        .execute();
    });
    return rows.map(entryOf);
  }

  /** Reads the whole log and names the first entry that is not what was written. */
  async verify(options: VerifyOptions = {}): Promise<AuditVerification> {
    const head = await this.#database.read('read the audit log', (database) =>
      database.selectFrom('auditHead').selectAll().where('id', '=', headId).executeTakeFirst(),
    );
    // Entries may be added while it reads; the head of the beginning must be among them.
    const ownAnchor =
      head && head.sequence > 0 ? { anchor: { sequence: head.sequence, hash: head.hash } } : {};
    const verified = await verifyChain(this.#all(), { ...options, ...ownAnchor });
    if (verified.broken || !options.anchor) return verified;
    return verifyChain(this.#all(), options);
  }

  /** All entries, oldest first, as lines of JSON without line ends: what `verifyLines` checks elsewhere. */
  async *exportLines(signal?: AbortSignal): AsyncIterable<string> {
    for await (const entry of this.#all()) {
      signal?.throwIfAborted();
      yield entryLine(entry);
    }
  }

  async *#all(): AsyncIterable<AuditEntry> {
    let last = 0;
    for (;;) {
      const rows = await this.#database.read('read the audit log', (database) =>
        database
          .selectFrom('auditLog')
          .selectAll()
          .where('sequence', '>', last)
          .orderBy('sequence')
          .limit(pageSize)
          .execute(),
      );
      yield* rows.map(entryOf);
      const end = rows.at(-1);
      if (!end) return;
      last = end.sequence;
    }
  }
}

/** The row of the head is locked first: the next in line sees the new end. */
async function append(transaction: CatalogTransaction, event: AuditEvent, now: Date): Promise<AuditEntry> {
  const head = await transaction
    .updateTable('auditHead')
    .set((set) => ({ sequence: set('sequence', '+', 1) }))
    .where('id', '=', headId)
    .returning(['sequence', 'hash'])
    .executeTakeFirst();
  if (!head)
    throw new Failure('AuditBroken', 'The audit log has lost its end: the table audit_head is empty');
  const entry = sealEntry(event, { sequence: head.sequence, at: now.toISOString(), previous: head.hash });
  await transaction
    .insertInto('auditLog')
    .values({ ...entry, detail: canonicalJson(entry.detail) })
    .execute();
  await transaction.updateTable('auditHead').set({ hash: entry.hash }).where('id', '=', headId).execute();
  return entry;
}

/** What someone changed by hand need not be of the right form; the hash then tells. */
function entryOf({ detail, ...row }: AuditRow): AuditEntry {
  return { ...row, detail: parseDetail(detail) } as AuditEntry;
}

function parseDetail(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
