import { createHash } from 'node:crypto';

/** Where an operation came from; `temporal` is a run that no schedule started: by the CLI, the API or Temporal's own tools. */
export type AuditOrigin = 'cli' | 'api' | 'schedule' | 'temporal';

/** `started` for what goes on in the background; its end is an entry of its own. */
export type AuditOutcome = 'started' | 'done' | 'failed' | 'refused';

/** Plain facts; never a secret. */
export type AuditDetail = Readonly<Record<string, string | number | boolean>>;

export interface AuditEvent {
  readonly origin: AuditOrigin;
  /** Who did it: user and host of the CLI, name of the API key, id of the schedule. */
  readonly actor: string;
  /** What was done: `backup.start`, `snapshot.forget`, `schedule.pause` … */
  readonly action: string;
  /** On what: a source, a repository, a schedule. */
  readonly subject: string;
  readonly outcome: AuditOutcome;
  readonly detail?: AuditDetail;
}

/** An entry of the log. Its hash covers all other fields, `previous` among them: no entry can change unseen. */
export interface AuditEntry extends Required<AuditEvent> {
  /** 1, 2, 3 … without a gap. */
  readonly sequence: number;
  /** ISO 8601 in UTC. */
  readonly at: string;
  /** Hash of the entry before; 64 zeros for the first. */
  readonly previous: string;
  /** SHA-256 of the canonical JSON of the other fields, 64 hex digits. */
  readonly hash: string;
}

/** What stands for the entry before the first. */
export const noHash = '0'.repeat(64);

/** Longer texts are cut: an entry must fit, whatever a person typed. */
const longestText = 2000;

export function sealEntry(
  event: AuditEvent,
  place: Pick<AuditEntry, 'sequence' | 'at' | 'previous'>,
): AuditEntry {
  const entry = {
    ...place,
    origin: event.origin,
    actor: cut(event.actor),
    action: cut(event.action),
    subject: cut(event.subject),
    outcome: event.outcome,
    detail: cutAll(event.detail ?? {}),
  };
  return { ...entry, hash: hashOf(entry) };
}

/** SHA-256 of the canonical JSON of an entry without its hash. */
export function hashOf(entry: Omit<AuditEntry, 'hash'> | AuditEntry): string {
  const { sequence, at, origin, actor, action, subject, outcome, detail, previous } = entry;
  const fields = { sequence, at, origin, actor, action, subject, outcome, detail, previous };
  return createHash('sha256').update(canonicalJson(fields)).digest('hex');
}

/** JSON with sorted keys and no spaces (the rules of RFC 8785 for these values): one text for one value. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}

/** The entry as one line of an export. */
export function entryLine(entry: AuditEntry): string {
  return canonicalJson(entry);
}

function cutAll(detail: AuditDetail): AuditDetail {
  return Object.fromEntries(
    Object.entries(detail).map(([key, value]) => [key, typeof value === 'string' ? cut(value) : value]),
  );
}

/** PostgreSQL's text has no NUL; lone halves of surrogate pairs have no UTF-8. Both would change in storage. */
function cut(text: string): string {
  const clean = text.replaceAll('\0', '').toWellFormed();
  return clean.length > longestText ? `${clean.slice(0, longestText).toWellFormed()}…` : clean;
}
