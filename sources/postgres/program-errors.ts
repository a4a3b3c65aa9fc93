import { type PrintedMeaning, printedFailure } from '../database-failures.ts';

const readAdvice =
  'Grant the role pg_read_all_data to the user (large objects need their owner or a superuser), or use a superuser.';

/** What the programs of PostgreSQL and its server print; their own messages are English under LC_ALL=C. */
const meanings: readonly PrintedMeaning[] = [
  {
    pattern: /conflict with recovery/,
    type: 'SourceUnreachable',
    advice: 'Set hot_standby_feedback = on at the standby, or raise max_standby_streaming_delay.',
  },
  {
    pattern:
      /server closed the connection|terminating connection|the database system is|Connection (refused|reset|timed out)|timeout expired|could not receive data|no connection to the server|could not translate host name|too many (clients|connections)/,
    type: 'SourceUnreachable',
  },
  {
    pattern:
      /password authentication failed|no password supplied|no pg_hba\.conf entry|role ".*" does not exist/,
    type: 'SourceAuthentication',
  },
  { pattern: /FATAL: {2}database ".*" does not exist/, type: 'SourceMissing' },
  {
    pattern: /permission denied|must be (owner|superuser)|affected by row-level security/,
    type: 'SourceAuthentication',
    advice: readAdvice,
  },
  { pattern: /due to (lock|statement) timeout|could not obtain lock/, type: 'Stalled' },
  { pattern: /server version mismatch/, type: 'ToolMissing' },
];

/** Translates a failure of pg_dump and its kin into what it means for the source. */
export function programFailure(subject: string, error: unknown): unknown {
  return printedFailure(subject, error, meanings);
}
