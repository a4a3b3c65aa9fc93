import type { Failure } from '../contracts/failures.ts';
import type { Phase, Progress } from '../contracts/jobs.ts';
import type { WorkflowType } from '../contracts/messages.ts';
import type { RunFacts } from './story.ts';

export interface RunDescription {
  readonly workflow: WorkflowType;
  readonly facts: RunFacts;
  readonly progress: Progress;
  readonly startedAt: string;
  readonly failure?: Failure | undefined;
}

const titles: Readonly<Record<WorkflowType, string>> = {
  backupSource: 'Backup of',
  restore: 'Restore from',
  planRestore: 'Forecast of a restore from',
  keepReplaced: 'What a restore has replaced in',
  rollBackRestore: 'Roll-back of a restore into',
  verification: 'Verification of',
  replicate: 'Copies to',
  extendObjectLocks: 'New locks for',
  monthlyArchive: 'Archiving into',
  dailyBackup: 'Daily backup of',
  incrementalBackup: 'Incremental backup of',
  securityMonitoring: 'Security monitoring of',
  analyticsReport: 'Report of',
  complianceCheck: 'Compliance check of',
  kubernetesBackup: 'Backup of',
  prune: 'Forgetting and pruning in',
  sweep: 'Tidying up',
};

const phases: Readonly<Record<Phase, string>> = {
  starting: 'Starting',
  hook: 'Running a hook',
  preflight: 'Checking that everything is there',
  capture: 'Reading the source into the repository',
  commit: 'Writing the snapshot',
  check: 'Checking the repository',
  confirm: 'Waiting for a person to confirm',
  safety: 'Backing up what will be replaced',
  copy: 'Copying snapshots from the repository that has them',
  waiting: 'Waiting, to try again later',
  lock: 'Locking the objects anew',
  restore: 'Restoring',
  compare: 'Comparing what was restored with what was stored',
  swap: 'Putting databases in place',
  discard: 'Dropping what is not needed any more',
  keep: 'Keeping what was replaced, for a roll-back',
  sources: 'Backing up the sources, each in a run of its own',
  repositories: 'Going through the repositories, each in a run of its own',
  inspect: 'Looking at repositories, keys and state',
  report: 'Writing the report',
  forget: 'Forgetting the snapshots that no policy keeps',
  prune: 'Removing what no snapshot needs',
  sweep: 'Removing what dead runs left',
  notify: 'Telling how it ended',
  finished: 'Finished',
};

/** The live details of a run in the Web UI, as Markdown: where it stands, and what one can do now. */
export function describeRun(run: RunDescription): string {
  const { workflow, facts, progress, startedAt, failure } = run;
  const rows = [
    ['Now', failure === undefined ? phases[progress.phase] : `Stopped: **${failure.type}**`],
    ['Since', startedAt],
    ...given('Note', facts.note),
    ...given('Host', facts.host),
    ...given('Repository', facts.repository),
    ...given('Snapshot', facts.snapshot && `\`${facts.snapshot.slice(0, 8)}\``),
    ...given(
      'Read',
      progress.bytesDone > 0 ? `${progress.filesDone} files, ${size(progress.bytesDone)}` : '',
    ),
    ...given('Stored anew', facts.bytesAdded === undefined ? '' : size(facts.bytesAdded)),
    ...given('Why', failure?.message),
    ...given('What to do', failure?.advice),
  ];
  const table = ['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n');
  const actions = whatToDo(run).map((line) => `- ${line}`);
  return `### ${titles[workflow]} **${facts.subject}**\n\n${table}\n\n**What you can do**\n\n${actions.join('\n')}`;
}

function whatToDo({ workflow, facts, progress }: RunDescription): readonly string[] {
  const isOver = progress.phase === 'finished';
  const short = facts.snapshot?.slice(0, 8);
  switch (workflow) {
    case 'verification':
      return isOver
        ? ['Read all of the data, too: `resguardo verify --read-data`']
        : ['Cancelling is safe: a verification changes nothing.'];
    case 'restore':
      if (isOver) break;
      return [
        ...(progress.phase === 'confirm'
          ? ['Allow it with the update `confirm` and the name of what is replaced, or end it with `reject`.']
          : []),
        'Cancelling is safe: until the databases are put in place, nothing that existed is touched.',
      ];
    case 'planRestore':
      return ['Nothing is changed by it.'];
    case 'keepReplaced':
      return isOver ? [] : ['Put it back: send the update `rollback`. Cancelling keeps it for good.'];
    case 'rollBackRestore':
      return isOver ? [] : ['Databases that have begun to change places are seen through.'];
    case 'replicate':
      return isOver
        ? ['See how far copies are behind: `resguardo status`']
        : [
            'Cancelling is safe: what is copied stays, and the next run goes on from there.',
            `Try at once: \`resguardo copy ${facts.subject}\``,
          ];
    case 'dailyBackup':
    case 'incrementalBackup':
      return isOver
        ? ["Find the runs of the sources: `WorkflowType = 'backupSource'`, each `backup/<source>`."]
        : ['Cancelling is safe: it cancels the backups under way; what is stored stays.'];
    case 'monthlyArchive':
      return ['Find the runs of the archives: `replicate/<repository>`. What was copied stays.'];
    case 'extendObjectLocks':
      return ['Cancelling is safe: locks that were made stay.'];
    case 'securityMonitoring':
    case 'complianceCheck':
    case 'analyticsReport':
    case 'kubernetesBackup':
    case 'sweep':
      return ['Cancelling is safe: nothing in a repository is changed.'];
    case 'prune':
      return isOver
        ? ['See which snapshots went, and why: `resguardo audit show --action snapshot.forget`']
        : ['Cancelling is safe: a prune can be stopped at any point, and the next one finishes it.'];
    default:
  }
  return [
    ...(isOver ? [] : ['Cancelling is safe: what is stored stays, and the next run uses it.']),
    `List the snapshots: \`resguardo snapshots --source ${facts.subject}\``,
    ...(short === undefined
      ? []
      : [
          `Look into this one: \`resguardo ls ${short}\`, or with restic, \`restic -r <URL of ${facts.repository}> ls ${short}\``,
        ]),
  ];
}

function given(name: string, value: string | undefined): [string, string][] {
  // A bar or a line break would end the cell.
  return value ? [[name, value.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ')]] : [];
}

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** "1.4 GB", in powers of ten as disks are sold. */
export function size(bytes: number): string {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
