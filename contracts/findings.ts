/** What checks of health, compliance and security found: plain JSON, kept in the catalog. */

/** `notice` is worth a line in a report; `warning` and `critical` are told to people. */
export type FindingLevel = 'ok' | 'notice' | 'warning' | 'critical';

export const findingLevels: readonly FindingLevel[] = ['ok', 'notice', 'warning', 'critical'];

export interface Finding {
  /** Kind of check: `freshness`, `retention`, `encryption`, `copies`, `space`, `size` … */
  readonly check: string;
  /** Source, repository or path that was checked. */
  readonly subject: string;
  readonly level: FindingLevel;
  /** One sentence: what was found, with its figures. */
  readonly message: string;
  /** Facts that the sentence rests on, for an auditor: snapshot ids, times, counts. */
  readonly evidence: readonly string[];
  /** What a person does now; absent when all is well. */
  readonly mend?: string;
}
