import { type Kysely, SqliteAdapter, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const first: Migration = {
  up: async (database: Kysely<unknown>) => {
    await createRuns(database);
    await createSnapshots(database);
    await createState(database);
    await createAudit(database);
    await forbidAuditChanges(database);
  },
};

async function createRuns({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('runs')
    .addColumn('workflow', 'text', (column) => column.notNull())
    .addColumn('workflowId', 'text', (column) => column.notNull())
    .addColumn('runId', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('kind', 'text')
    .addColumn('host', 'text')
    .addColumn('repository', 'text')
    .addColumn('schedule', 'text')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('startedAt', 'text', (column) => column.notNull())
    .addColumn('finishedAt', 'text')
    .addColumn('bytesProcessed', 'bigint')
    .addColumn('bytesAdded', 'bigint')
    .addColumn('bytesStored', 'bigint')
    .addColumn('files', 'bigint')
    .addColumn('snapshot', 'text')
    .addColumn('failureType', 'text')
    .addColumn('failureMessage', 'text')
    .addColumn('failureAdvice', 'text')
    .addColumn('warningCount', 'integer', (column) => column.notNull())
    .addColumn('warnings', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('runsKey', ['workflowId', 'runId'])
    .execute();
  const indexes = {
    // The newest run of each subject, and its newest good one, without a look at the rows.
    runsOfSubject: ['workflow', 'subject', 'startedAt', 'status'],
    // Counts of the last days by kind and status, likewise.
    runsOfWorkflow: ['workflow', 'startedAt', 'kind', 'status'],
    runsInOrder: ['startedAt'],
    runsByStatus: ['status', 'startedAt'],
  } as const;
  for (const [name, columns] of Object.entries(indexes)) {
    await schema
      .createIndex(name)
      .on('runs')
      .columns([...columns])
      .execute();
  }
  await schema
    .createTable('runTotals')
    .addColumn('workflow', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('runs', 'bigint', (column) => column.notNull())
    .addColumn('seconds', 'double precision', (column) => column.notNull())
    .addColumn('bytesAdded', 'double precision', (column) => column.notNull())
    .addColumn('lastFinishedAt', 'text', (column) => column.notNull())
    .addColumn('lastSeconds', 'double precision', (column) => column.notNull())
    .addPrimaryKeyConstraint('runTotalsKey', ['workflow', 'kind', 'status'])
    .execute();
}

async function createSnapshots({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('snapshots')
    .addColumn('repository', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('source', 'text')
    .addColumn('kind', 'text')
    .addColumn('host', 'text')
    .addColumn('time', 'text', (column) => column.notNull())
    .addColumn('takenAt', 'text', (column) => column.notNull())
    .addColumn('tree', 'text', (column) => column.notNull())
    .addColumn('parent', 'text')
    .addColumn('paths', 'text', (column) => column.notNull())
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('sizeBytes', 'bigint')
    .addColumn('addedBytes', 'bigint')
    .addColumn('storedBytes', 'bigint')
    .addColumn('files', 'bigint')
    .addColumn('seenAt', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('snapshotsKey', ['repository', 'id'])
    .execute();
  await schema
    .createIndex('snapshotsOfSource')
    .on('snapshots')
    .columns(['source', 'repository', 'takenAt'])
    .execute();
}

async function createState({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('meta')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('value', 'text', (column) => column.notNull())
    .execute();
  await schema
    .createTable('notifications')
    .addColumn('subject', 'text', (column) => column.primaryKey())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('since', 'text', (column) => column.notNull())
    .addColumn('toldAt', 'text')
    .addColumn('reminders', 'integer', (column) => column.notNull())
    .addColumn('message', 'text', (column) => column.notNull())
    .execute();
  await schema
    .createTable('findings')
    .addColumn('check', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('level', 'text', (column) => column.notNull())
    .addColumn('message', 'text', (column) => column.notNull())
    .addColumn('evidence', 'text', (column) => column.notNull())
    .addColumn('mend', 'text')
    .addColumn('since', 'text', (column) => column.notNull())
    .addColumn('checkedAt', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('findingsKey', ['check', 'subject'])
    .execute();
  await schema
    .createTable('repositorySizes')
    .addColumn('repository', 'text', (column) => column.notNull())
    .addColumn('measuredAt', 'text', (column) => column.notNull())
    .addColumn('storedBytes', 'bigint', (column) => column.notNull())
    .addColumn('snapshots', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('repositorySizesKey', ['repository', 'measuredAt'])
    .execute();
}

async function createAudit(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable('auditLog')
    .addColumn('sequence', 'bigint', (column) => column.primaryKey())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('origin', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .addColumn('previous', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute();
  await database.schema
    .createTable('auditHead')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute();
  await sql`insert into audit_head (id, sequence, hash) values (1, 0, ${'0'.repeat(64)})`.execute(database);
}

/** Against mistakes, and programs that hold the connection; who owns the database can take it away. */
async function forbidAuditChanges(database: Kysely<unknown>): Promise<void> {
  if (database.getExecutor().adapter instanceof SqliteAdapter) {
    for (const change of ['update', 'delete']) {
      await sql`create trigger ${sql.id(`audit_log_no_${change}`)} before ${sql.raw(change)} on audit_log
        begin select raise(abort, 'the audit log is append-only'); end`.execute(database);
    }
    return;
  }
  await sql`create function audit_log_is_append_only() returns trigger language plpgsql as
    $$ begin raise exception 'the audit log is append-only'; end $$`.execute(database);
  await sql`create trigger audit_log_no_change before update or delete or truncate on audit_log
    for each statement execute function audit_log_is_append_only()`.execute(database);
}
