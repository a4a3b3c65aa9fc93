import { Failure } from '../../contracts/failures.ts';

/** What a statement of a dump is, as far as a restore treats it in a way of its own. */
export type StatementKind = 'plain' | 'insert' | 'code' | 'event' | 'collation';

/**
 * What stands before the first word: spaces, and the marks by which servers of other versions take the rest
 * for a comment.
 */
const marks = /^(?:\s+|\/\*M?!\d*|\*\/)+/;

const quotedName = '`(?:[^`]|``)*`';

const plain = [
  'SET (?!.*\\b(?:GLOBAL|PERSIST|PERSIST_ONLY|PASSWORD|ROLE)\\b)',
  `DROP (?:TABLE|VIEW|SEQUENCE) IF EXISTS ${quotedName}$`,
  'DROP (?:FUNCTION|PROCEDURE|TRIGGER|EVENT|PACKAGE(?: BODY)?) IF EXISTS ',
  `CREATE (?:TABLE|SEQUENCE|VIEW) ${quotedName}(?!\\s*\\.)`,
  `ALTER TABLE ${quotedName} (?:DIS|EN)ABLE KEYS$`,
  '(?:UN)?LOCK TABLES',
  'COMMIT$',
  'START TRANSACTION',
  `(?:SELECT|DO) SETVAL\\(${quotedName}`,
];
const plainPattern = new RegExp(`^(?:${plain.join('|')})`, 'is');
const insertPattern = new RegExp(
  `^INSERT INTO ${quotedName} (?:\\((?:${quotedName}|[, ])*\\) )?VALUES\\s*\\(`,
  'i',
);
const definer = `DEFINER=(?:${quotedName}(?:@${quotedName})?|\\S+)`;
const codePattern = new RegExp(
  `^CREATE (?:OR REPLACE )?(?:ALGORITHM=\\w+ )?(?:${definer} )?(?:SQL SECURITY \\w+ )?(?:AGGREGATE )?(VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT|PACKAGE)\\b`,
  'i',
);
const codeWords = new RegExp(
  `^(?:CREATE|ALGORITHM=\\w+|${definer}|SQL SECURITY \\w+|\\s|\\*/|/\\*M?!\\d*)+`,
  'i',
);
const collationPattern = new RegExp(`^ALTER DATABASE ${quotedName} CHARACTER SET`, 'i');

/**
 * What kind of statement it is. A dump is a program: what none of ours begins with is not run, so that a dump
 * that somebody has changed cannot reach other databases, files or settings of the server.
 * @throws {Failure} SourceUnsupported for a statement that no dump of a database holds
 */
export function kindOf(statement: string): StatementKind {
  const head = headOf(statement);
  if (insertPattern.test(head)) return 'insert';
  if (plainPattern.test(head)) return 'plain';
  const code = codeWord(head);
  if (code !== undefined) return code === 'EVENT' ? 'event' : 'code';
  if (collationPattern.test(head)) return 'collation';
  throw new Failure(
    'SourceUnsupported',
    `The dump holds a statement that a restore does not run: ${head.slice(0, 80)}`,
    {
      advice:
        'Look into the file of the dump; if it is as it should be, load it by hand as RESTORE.md tells.',
    },
  );
}

/** What the code is: "VIEW", "TRIGGER"; of the head of a statement. */
export function codeWord(head: string): string | undefined {
  return codePattern.exec(head)?.[1]?.toUpperCase();
}

/** Of code. */
export function isView(statement: string): boolean {
  return codeWord(headOf(statement)) === 'VIEW';
}

/** The statement up to its first hundreds of letters, without marks between its words. */
export function headOf(statement: string): string {
  let rest = statement.slice(0, 4096).replace(marks, '');
  // "CREATE*/ /*!50017 DEFINER=`u`@`h`*/ /*!50003 TRIGGER": marks stand between words, too.
  rest = rest.replace(codeWords, (words) =>
    words.replaceAll(/\s*(?:\*\/|\/\*M?!\d*)\s*/g, ' ').replaceAll(/\s+/g, ' '),
  );
  return rest.replace(/\s*\*\/\s*$/, '').trimEnd();
}

/** `DEFINER=`user`@`host``, or of a role of MariaDB without a host. */
const definerPattern = /DEFINER\s*=\s*`((?:[^`]|``)*)`(?:@`((?:[^`]|``)*)`)?/;

/** In whose name the code runs: "user@host", as the manifest has it. */
export function definerOf(statement: string): string | undefined {
  const [, user, host] = definerPattern.exec(statement) ?? [];
  if (user === undefined) return undefined;
  return [user, host ?? ''].map((part) => part.replaceAll('``', '`')).join('@');
}

/** The code to run in the name of who restores it. */
export function withoutDefiner(statement: string): string {
  return statement.replace(definerPattern, 'DEFINER=CURRENT_USER');
}

const enabledPattern = /( ON COMPLETION (?:NOT )?PRESERVE) ENABLE\b/;
const disabledPattern = /( ON COMPLETION (?:NOT )?PRESERVE) DISABLE\b(?! ON)/;

export function isEnabled(event: string): boolean {
  return enabledPattern.test(event);
}

/** An event that does not run. */
export function disabled(event: string): string {
  return event.replace(enabledPattern, '$1 DISABLE');
}

export function enabled(event: string): string {
  return event.replace(disabledPattern, '$1 ENABLE');
}

/** Name of the event that a CREATE EVENT makes. */
export function eventName(statement: string): string | undefined {
  const name = /\bEVENT\s+(?:IF NOT EXISTS\s+)?`((?:[^`]|``)*)`/i.exec(statement)?.[1];
  return name?.replaceAll('``', '`');
}

/** A statement about the database itself, for another name of it. */
export function forDatabase(statement: string, quotedDatabase: string): string {
  return statement.replace(
    new RegExp(`(ALTER DATABASE )${quotedName}`, 'i'),
    (_, words) => `${words}${quotedDatabase}`,
  );
}

/**
 * Servers write the database into a view whose tables its definer may not see, which would bind the view to the
 * database that it came from. What stands between quotes stays.
 */
export function viewWithoutDatabase(view: string, database: string): string {
  const name = `\`${database.replaceAll('`', '``')}\``.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const pattern = new RegExp(`'(?:[^'\\\\]|\\\\[^]|'')*'|(?<!\`)${name}\\.(?=\`)`, 'g');
  return view.replace(pattern, (found) => (found.startsWith("'") ? found : ''));
}

/** MariaDB keeps triggers in the words of who made them, who may have named the database. */
export function withoutDatabase(trigger: string, database: string): string {
  const names = [database, `\`${database.replaceAll('`', '``')}\``].map((name) =>
    name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'),
  );
  const prefix = `(?:${names.join('|')})\\s*\\.\\s*`;
  return trigger
    .replace(new RegExp(`(\\bTRIGGER\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?)${prefix}`, 'i'), '$1')
    .replace(new RegExp(`(\\b(?:INSERT|UPDATE|DELETE)\\s+ON\\s+)${prefix}`, 'i'), '$1');
}
