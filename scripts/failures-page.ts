import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { failureRules, isFailureType } from '../contracts/failures.ts';

const begin = '<!-- table: begin -->';
const end = '<!-- table: end -->';

/** Path of the page that describes the failure table. */
export const failuresPage = fileURLToPath(new URL('../docs/failures.md', import.meta.url));

/** Puts the failure table of the code into the page, in place of the one that is there. */
export function withFailureTable(page: string): string {
  const start = page.indexOf(begin);
  const stop = page.indexOf(end);
  if (start < 0 || stop < start) throw new Error(`The page lacks the marks ${begin} and ${end}`);
  return `${page.slice(0, start + begin.length)}\n${failureTable()}\n${page.slice(stop)}`;
}

function failureTable(): string {
  const rows = Object.keys(failureRules)
    .filter(isFailureType)
    .map((type) => {
      const { retryable, exitCode, httpStatus, advice } = failureRules[type];
      return `| \`${type}\` | ${retryable ? 'yes' : 'no'} | ${exitCode} | ${httpStatus} | ${advice} |`;
    });
  return ['| failure | tried again | exit code | HTTP | what to do |', '|---|---|---|---|---|', ...rows].join(
    '\n',
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(failuresPage, withFailureTable(readFileSync(failuresPage, 'utf8')));
}
