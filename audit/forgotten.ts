import type { AuditEvent } from './entry.ts';
import type { AuditLog } from './log.ts';

/** Entries that name the snapshots which Resguardo itself removes: they are made before the removal. */
const forgetAction = 'snapshot.forget';

/** So many ids fit into an entry; 16 digits tell snapshots apart. */
const idsInOneEntry = 100;
const digits = 16;
const pageSize = 100;

export interface Forgetting extends Pick<AuditEvent, 'origin' | 'actor'> {
  readonly repository: string;
  /** Snapshot ids, 64 hex digits each. */
  readonly ids: readonly string[];
}

export function forgetEvents({ origin, actor, repository, ids }: Forgetting): readonly AuditEvent[] {
  const events: AuditEvent[] = [];
  for (let from = 0; from < ids.length; from += idsInOneEntry) {
    const some = ids.slice(from, from + idsInOneEntry);
    const detail = { count: some.length, snapshots: some.map((id) => id.slice(0, digits)).join(' ') };
    events.push({ origin, actor, action: forgetAction, subject: repository, outcome: 'started', detail });
  }
  return events;
}

/** Whether a snapshot was removed by Resguardo, by its id. */
export type IsForgotten = (id: string) => boolean;

/** What was removed since a time, of all repositories: an id names one snapshot only, wherever it lay. */
export async function forgottenSince(log: AuditLog, since: Date): Promise<IsForgotten> {
  const known = new Set<string>();
  let before: number | undefined;
  for (;;) {
    const page = await log.entries({
      action: forgetAction,
      limit: pageSize,
      ...(before === undefined ? {} : { before }),
    });
    for (const { detail } of page) for (const id of String(detail.snapshots ?? '').split(' ')) known.add(id);
    const last = page.at(-1);
    if (last === undefined || page.length < pageSize || Date.parse(last.at) < since.getTime()) break;
    before = last.sequence;
  }
  return (id) => known.has(id.slice(0, digits));
}
