import { z } from 'zod';
import type { AuditEntry } from './entry.ts';
import { type AuditVerification, type VerifyOptions, verifyChain } from './verify.ts';

const entrySchema: z.ZodType<AuditEntry> = z.strictObject({
  sequence: z.int().positive(),
  at: z.string(),
  origin: z.enum(['cli', 'api', 'schedule']),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  outcome: z.enum(['started', 'done', 'failed', 'refused']),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  previous: z.string(),
  hash: z.string(),
});

/** A line that is no entry ends the chain there. */
class UnreadableLine extends Error {
  readonly line: number;

  constructor(line: number) {
    super(`line ${line} is no entry of an audit log`);
    this.line = line;
  }
}

/** Checks an exported log, without the database. The last entry is the anchor for the database's own check. */
export async function verifyLines(
  lines: AsyncIterable<string> | Iterable<string>,
  options: VerifyOptions = {},
): Promise<AuditVerification> {
  const read: { last?: AuditEntry } = {};
  try {
    return await verifyChain(parseLines(lines, read), options);
  } catch (error) {
    if (!(error instanceof UnreadableLine)) throw error;
    const { last } = read;
    return {
      entries: last?.sequence ?? 0,
      ...(last ? { last: { sequence: last.sequence, hash: last.hash } } : {}),
      broken: { sequence: (last?.sequence ?? 0) + 1, reason: error.message },
    };
  }
}

async function* parseLines(
  lines: AsyncIterable<string> | Iterable<string>,
  read: { last?: AuditEntry },
): AsyncIterable<AuditEntry> {
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line.trim() === '') continue;
    const entry = parseEntry(line);
    if (!entry) throw new UnreadableLine(number);
    yield entry;
    read.last = entry;
  }
}

function parseEntry(line: string): AuditEntry | undefined {
  try {
    return entrySchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
