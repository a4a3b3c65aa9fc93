import type { Failure } from '../contracts/failures.ts';
import type { Phase } from '../contracts/jobs.ts';
import type { WorkflowType } from '../contracts/messages.ts';

export interface RunDescription {
  readonly workflow: WorkflowType;
  readonly subject: string;
  readonly phase: Phase;
  readonly startedAt: string;
  readonly note?: string | undefined;
  readonly failure?: Failure;
}

const titles: Readonly<Record<WorkflowType, string>> = {
  backupSource: 'Backup of',
  restore: 'Restore from',
  verification: 'Verification of',
};

const phases: Readonly<Record<Phase, string>> = {
  starting: 'Starting',
  preflight: 'Checking that the source can be read',
  capture: 'Reading the source into the repository',
  commit: 'Writing the snapshot',
  check: 'Checking the repository',
  restore: 'Restoring',
  compare: 'Comparing what was restored with what was stored',
  notify: 'Telling how it ended',
  finished: 'Finished',
};

/** The live details of a run in the Web UI, as Markdown: where it stands, and what one can do now. */
export function describeRun({ workflow, subject, phase, startedAt, note, failure }: RunDescription): string {
  const rows = [
    ['Now', failure === undefined ? phases[phase] : `Failed: **${failure.type}**`],
    ['Since', startedAt],
    ...(note === undefined ? [] : [['Note', note]]),
    ...(failure === undefined
      ? []
      : [
          ['Why', inTable(failure.message)],
          ['What to do', inTable(failure.advice)],
        ]),
  ];
  const table = ['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n');
  return `### ${titles[workflow]} **${subject}**\n\n${table}\n\n${whatToDo(workflow, subject, phase)}`;
}

function whatToDo(workflow: WorkflowType, subject: string, phase: Phase): string {
  if (workflow === 'verification') return `All about the repository: \`resguardo verify\``;
  const lines = [`Snapshots: \`resguardo snapshots --source ${subject}\``];
  if (phase !== 'finished') lines.push('Cancelling is safe: what is stored stays, and the next run uses it.');
  return lines.map((line) => `- ${line}`).join('\n');
}

/** A bar or a line break would end the cell. */
function inTable(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}
