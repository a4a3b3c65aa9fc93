import { Failure } from '../contracts/failures.ts';
import { type AuditEntry, hashOf, noHash } from './entry.ts';

/** The end of a chain: kept elsewhere, it shows later that nothing before it was rewritten. */
export interface AuditAnchor {
  readonly sequence: number;
  readonly hash: string;
}

export interface AuditVerification {
  /** Entries that were read and are whole. */
  readonly entries: number;
  /** The last of them; absent for an empty log. */
  readonly last?: AuditAnchor;
  /** The first that is not what was written. */
  readonly broken?: { readonly sequence: number; readonly reason: string };
}

export interface VerifyOptions {
  /** An end of the chain that was kept elsewhere. */
  readonly anchor?: AuditAnchor;
  readonly signal?: AbortSignal;
}

/** Follows a chain from its first entry, in order, one entry at a time. */
export async function verifyChain(
  entries: AsyncIterable<AuditEntry> | Iterable<AuditEntry>,
  { anchor, signal }: VerifyOptions = {},
): Promise<AuditVerification> {
  let last: AuditAnchor | undefined;
  for await (const entry of entries) {
    signal?.throwIfAborted();
    const expected = { sequence: (last?.sequence ?? 0) + 1, previous: last?.hash ?? noHash };
    const reason = problemOf(entry, expected, anchor);
    if (reason !== undefined) {
      return verification(last, { sequence: Math.min(entry.sequence, expected.sequence), reason });
    }
    last = { sequence: entry.sequence, hash: entry.hash };
  }
  if (anchor && (last?.sequence ?? 0) < anchor.sequence) {
    const sequence = (last?.sequence ?? 0) + 1;
    return verification(last, {
      sequence,
      reason: `the log ends before entry ${anchor.sequence}, which it once had`,
    });
  }
  return verification(last);
}

/** A failure that names the first broken entry, or undefined for a whole log. */
export function auditFailure({ broken }: AuditVerification, place: string): Failure | undefined {
  if (!broken) return undefined;
  return new Failure(
    'AuditBroken',
    `The audit log in ${place} is broken at entry ${broken.sequence}: ${broken.reason}`,
  );
}

function problemOf(
  entry: AuditEntry,
  expected: { readonly sequence: number; readonly previous: string },
  anchor: AuditAnchor | undefined,
): string | undefined {
  if (entry.sequence > expected.sequence)
    return `entries ${expected.sequence} to ${entry.sequence - 1} are missing`;
  if (entry.sequence < expected.sequence) return 'its number is there twice';
  if (entry.previous !== expected.previous) return 'it does not follow the entry before';
  if (entry.hash !== hashOf(entry)) return 'its content is not what was written';
  if (anchor?.sequence === entry.sequence && anchor.hash !== entry.hash) {
    return 'it is not the entry that stood here when the anchor was taken';
  }
  return undefined;
}

function verification(
  last: AuditAnchor | undefined,
  broken?: AuditVerification['broken'],
): AuditVerification {
  return { entries: last?.sequence ?? 0, ...(last ? { last } : {}), ...(broken ? { broken } : {}) };
}
