export const insertWord = Buffer.from('INSERT INTO `');
const valuesWord = Buffer.from(' VALUES');

const backtick = 0x60;
const closing = 0x29;

/** Where the head of an INSERT statement ends, behind its VALUES; undefined if it is not whole, or none of a dump's. */
export function endOfHead(statement: Buffer): number | undefined {
  if (!hasAt(statement, 0, insertWord)) return undefined;
  let position = endOfName(statement, insertWord.length);
  // Between the name of the table and VALUES may stand the names of columns.
  while (position !== undefined && !hasAt(statement, position, valuesWord)) {
    const next = statement.indexOf(backtick, position);
    position = next < 0 ? undefined : endOfName(statement, next + 1);
    if (position !== undefined && statement[position] === closing) position += 1;
  }
  return position === undefined ? undefined : position + valuesWord.length;
}

/** The table of a whole head. */
export function tableOf(head: Buffer): string {
  const end = endOfName(head, insertWord.length) ?? head.length;
  return head.toString('utf8', insertWord.length, end - 1).replaceAll('``', '`');
}

/** Position behind the backtick that ends a name. What stands behind it must be there: it might be another one. */
function endOfName(statement: Buffer, start: number): number | undefined {
  for (let position = start; ; position += 2) {
    position = statement.indexOf(backtick, position);
    if (position < 0 || position + 1 === statement.length) return undefined;
    if (statement[position + 1] !== backtick) return position + 1;
  }
}

function hasAt(statement: Buffer, position: number, word: Buffer): boolean {
  const end = position + word.length;
  return end <= statement.length && word.compare(statement, position, end) === 0;
}
