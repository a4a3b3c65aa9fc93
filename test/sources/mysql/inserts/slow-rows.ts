import sodium from 'sodium-native';

/** A row with its brackets, and the SipHash-2-4 of what stands between them. */
export interface SlowRow {
  readonly text: string;
  readonly hash: bigint;
}

/** Rows of INSERT statements, read byte by byte, to be compared with what is fast. */
export function rowsOf(dump: Buffer): SlowRow[] {
  const rows: SlowRow[] = [];
  const head = /INSERT INTO `(?:[^`]|``)*`(?: \((?:`(?:[^`]|``)*`(?:, )?)+\))? VALUES/uy;
  // Each byte as one character.
  const text = dump.toString('latin1');
  for (let at = 0; at < text.length; at += 1) {
    head.lastIndex = at;
    const found = head.exec(text)?.[0].length;
    if (found === undefined) continue;
    for (at += found; text[at] !== ';'; at += 1) {
      if (text[at] !== '(') continue;
      const start = at;
      at = endOfRow(text, at + 1);
      rows.push({
        text: dump.toString('utf8', start, at + 1),
        hash: sipHash(dump.subarray(start + 1, at)),
      });
    }
  }
  return rows;
}

export function sumOf(rows: readonly SlowRow[]): string {
  return String(
    BigInt.asUintN(
      64,
      rows.reduce((sum, { hash }) => sum + hash, 0n),
    ),
  );
}

function endOfRow(text: string, start: number): number {
  let depth = 0;
  let isInString = false;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (isInString && character === '\\') at += 1;
    else if (character === "'") isInString = !isInString;
    else if (isInString) continue;
    else if (character === '(') depth += 1;
    else if (character === ')') {
      if (depth === 0) return at;
      depth -= 1;
    }
  }
  throw new Error('A row has no end');
}

function sipHash(bytes: Buffer): bigint {
  const digest = Buffer.alloc(8);
  sodium.crypto_shorthash(digest, bytes, Buffer.alloc(16));
  return digest.readBigUInt64LE();
}
