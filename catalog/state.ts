import { type Finding, type FindingLevel, findingLevels } from '../contracts/findings.ts';
import type { CatalogKysely, CatalogTransaction } from './database.ts';
import { isString, listOf, present } from './present.ts';
import type { FindingRow, NotificationRow } from './tables.ts';

/** What people were last told about a subject. Times are ISO in UTC. */
export interface NotificationState {
  /** For example `source/shop` or `finding/freshness/shop`. */
  readonly subject: string;
  /** For example `ok`, `failed`, `warning`: the names are the caller's. */
  readonly state: string;
  /** Since when the state is what it is. */
  readonly since: string;
  /** Absent when people were not told of this state. */
  readonly toldAt?: string;
  /** How often they were reminded of it. */
  readonly reminders: number;
  readonly message: string;
}

/** A finding as the catalog keeps it. */
export interface KeptFinding extends Finding {
  /** Since when its level is what it is, ISO in UTC. */
  readonly since: string;
  readonly checkedAt: string;
}

/** A finding whose level is not what it was at the last check. */
export interface FindingChange {
  readonly finding: KeptFinding;
  /** Absent for a subject that was not checked before. */
  readonly previous?: FindingLevel;
}

export interface RepositorySize {
  readonly repository: string;
  /** ISO in UTC. */
  readonly measuredAt: string;
  /** Bytes of all objects in the store. */
  readonly storedBytes: number;
  readonly snapshots: number;
}

export async function notificationOf(
  database: CatalogKysely,
  subject: string,
): Promise<NotificationState | undefined> {
  const row = await database
    .selectFrom('notifications')
    .selectAll()
    .where('subject', '=', subject)
    .executeTakeFirst();
  return row && notification(row);
}

export async function allNotifications(database: CatalogKysely): Promise<readonly NotificationState[]> {
  const rows = await database.selectFrom('notifications').selectAll().orderBy('subject').execute();
  return rows.map(notification);
}

/** False when another process has changed the state since `expected` was read: it does the telling. */
export async function replaceNotification(
  transaction: CatalogTransaction,
  next: NotificationState,
  expected: NotificationState | undefined,
): Promise<boolean> {
  const row: NotificationRow = { ...next, toldAt: next.toldAt ?? null };
  if (expected === undefined) {
    const { numInsertedOrUpdatedRows } = await transaction
      .insertInto('notifications')
      .values(row)
      .onConflict((conflict) => conflict.column('subject').doNothing())
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }
  const { numUpdatedRows } = await transaction
    .updateTable('notifications')
    .set(row)
    .where('subject', '=', next.subject)
    .where('state', '=', expected.state)
    .where('since', '=', expected.since)
    .where('reminders', '=', expected.reminders)
    .where('toldAt', expected.toldAt === undefined ? 'is' : '=', expected.toldAt ?? null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** Puts the findings in the place of all earlier ones of these checks; returns whose level changed. */
export async function replaceFindings(
  transaction: CatalogTransaction,
  checks: readonly string[],
  { findings, checkedAt }: { readonly findings: readonly Finding[]; readonly checkedAt: string },
): Promise<readonly FindingChange[]> {
  const before = await transaction
    .deleteFrom('findings')
    .where('check', 'in', checks)
    .returningAll()
    .execute();
  const earlier = new Map(before.map((row) => [JSON.stringify([row.check, row.subject]), row]));
  const changes: FindingChange[] = [];
  for (const finding of findings) {
    const previous = earlier.get(JSON.stringify([finding.check, finding.subject]));
    const isSame = previous?.level === finding.level;
    const kept = { ...finding, since: isSame ? previous.since : checkedAt, checkedAt };
    const row = findingRow(kept);
    await transaction
      .insertInto('findings')
      .values(row)
      .onConflict((conflict) => conflict.columns(['check', 'subject']).doUpdateSet(row))
      .execute();
    if (!isSame) changes.push({ finding: kept, ...present('previous', previous && levelOf(previous.level)) });
  }
  return changes;
}

/** The worst first. */
export async function allFindings(database: CatalogKysely): Promise<readonly KeptFinding[]> {
  const rows = await database
    .selectFrom('findings')
    .selectAll()
    .orderBy('check')
    .orderBy('subject')
    .execute();
  return rows
    .map(keptFinding)
    .sort((a, b) => findingLevels.indexOf(b.level) - findingLevels.indexOf(a.level));
}

export async function recordSize(transaction: CatalogTransaction, size: RepositorySize): Promise<void> {
  await transaction
    .insertInto('repositorySizes')
    .values(size)
    .onConflict((conflict) => conflict.columns(['repository', 'measuredAt']).doUpdateSet(size))
    .execute();
}

/** Oldest first. */
export async function findSizes(database: CatalogKysely, from: string): Promise<readonly RepositorySize[]> {
  return database
    .selectFrom('repositorySizes')
    .selectAll()
    .where('measuredAt', '>=', from)
    .orderBy('measuredAt')
    .orderBy('repository')
    .execute();
}

function notification({ toldAt, ...row }: NotificationRow): NotificationState {
  return { ...row, ...present('toldAt', toldAt) };
}

function findingRow({ evidence, mend, ...finding }: KeptFinding): FindingRow {
  return { ...finding, evidence: JSON.stringify(evidence), mend: mend ?? null };
}

function keptFinding({ evidence, mend, level, ...row }: FindingRow): KeptFinding {
  return { ...row, level: levelOf(level), evidence: listOf(evidence, isString), ...present('mend', mend) };
}

/** A level that this version does not know is taken for the worst. */
function levelOf(text: string): FindingLevel {
  return findingLevels.find((level) => level === text) ?? 'critical';
}
