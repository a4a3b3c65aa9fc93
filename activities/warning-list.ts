import type { Warning } from '../contracts/jobs.ts';

/** How many warnings a result lists; it counts all. */
const listedWarnings = 100;

/** A path can have 4,096 bytes; a hundred such lines would make a history heavy. */
const longestText = 400;

/** Keeps the first warnings and counts the others. */
export class WarningList {
  readonly #first: Warning[] = [];
  #count = 0;

  get first(): readonly Warning[] {
    return this.#first;
  }

  get count(): number {
    return this.#count;
  }

  readonly add = ({ subject, message }: Warning): void => {
    this.#count += 1;
    if (this.#first.length >= listedWarnings) return;
    this.#first.push({ subject: shortened(subject), message: shortened(message) });
  };
}

function shortened(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)}…`;
}
