import { isFailure } from '../../contracts/failures.ts';
import { ProgramError } from '../../programs/run.ts';
import { failedAs, type PrintedMeaning, printedFailure } from '../database-failures.ts';

/** What the programs print: numbers of errors stand in brackets, or behind "Got error:" and "Error". */
const meanings: readonly PrintedMeaning[] = [
  {
    pattern: /\b(1412|1146)\b/,
    type: 'ToolFailed',
    advice:
      'A table was changed or dropped during the dump; it is tried again. Plan migrations for another hour.',
  },
  {
    pattern: /\b(2002|2003|2005|2006|2013|2055|1040|1053|1927)\b|Lost connection|Server shutdown/i,
    type: 'SourceUnreachable',
  },
  { pattern: /\b(1045|1129|1130|1862|3118|4151|1698)\b/, type: 'SourceAuthentication' },
  { pattern: /\b1049\b/, type: 'SourceMissing' },
  {
    pattern: /\b(1044|1142|1143|1227|1370)\b|insufficient privileges|Access denied/i,
    type: 'SourceAuthentication',
    advice:
      'Grant SELECT, SHOW VIEW, TRIGGER, EVENT and PROCESS to the user of the backup, the right to see routines, and EXECUTE where views call functions (docs/mysql.md has the statements).',
  },
  { pattern: /\b1205\b/, type: 'Stalled' },
  {
    pattern: /\b(1356|1449)\b/,
    type: 'ToolFailed',
    advice:
      'A view refers to something that is not there: mend or drop it, or name it in `excludeTables` of the source.',
  },
];

/** Translates a failure of a dump program into what it means for the source. */
export function programFailure(subject: string, error: unknown): unknown {
  if (isFailure(error, 'ToolFailed') && hasLostItsServerSilently(error.cause)) {
    return failedAs(subject, error, { type: 'SourceUnreachable' });
  }
  return printedFailure(subject, error, meanings);
}

/** Where mariadb-dump loses the connection while it lists events or routines, it ends with 2 and says nothing. */
function hasLostItsServerSilently(cause: unknown): boolean {
  return cause instanceof ProgramError && cause.end.exitStatus === 2 && cause.stderrTail === '';
}
