import type { RunReport } from '../contracts/activities.ts';
import type { Finding } from '../contracts/findings.ts';
import type { NotificationEvent } from '../contracts/notifications.ts';
import { formatBytes } from '../policy/wording.ts';

/** What is told of the end of a run. A cancelled one is told nobody: whoever cancelled it knows. */
export function runEvent(report: RunReport): NotificationEvent | undefined {
  const { status, subject, runId, workflowId, finishedAt, message, advice, failure } = report;
  if (status === 'cancelled') return undefined;
  const { topic, title, command } = wordsOf(report);
  return {
    id: `${runId}/${status}`,
    topic: `${topic}/${subject}`,
    severity: severityOf(report),
    title: `${title} ${subject}`,
    message: message ?? endWords[status],
    reason: failure ?? status,
    ...(advice === undefined ? {} : { advice }),
    ...(command === undefined || status === 'done' ? {} : { command }),
    facts: {
      Run: workflowId,
      'Run id': runId,
      ...(report.snapshot === undefined ? {} : { Snapshot: report.snapshot.slice(0, 8) }),
      ...(report.bytesAdded === undefined ? {} : { Added: formatBytes(report.bytesAdded) }),
    },
    at: finishedAt,
  };
}

/** What is told of a finding of the checks on health, compliance and security. */
export function findingEvent(
  { check, subject, level, message, mend }: Finding,
  at: string,
): NotificationEvent {
  const topic = `${check}/${subject}`;
  return {
    id: `${topic}/${at}`,
    topic,
    severity: level,
    title: `${check} of ${subject}`,
    message,
    ...(mend === undefined ? {} : { advice: mend }),
    at,
  };
}

/** What other runs have told already is worth a line where even that is wanted. */
function severityOf({ status, isToldElsewhere = false }: RunReport): NotificationEvent['severity'] {
  if (status === 'done' || status === 'cancelled') return 'ok';
  if (isToldElsewhere) return 'notice';
  return status === 'partial' ? 'warning' : 'critical';
}

const endWords = {
  done: 'The run ended well.',
  partial: 'Some of it could not be read; what was readable is stored. The run lists the rest.',
  failed: 'The run failed.',
} as const;

function wordsOf({ workflow, subject }: RunReport): { topic: string; title: string; command?: string } {
  switch (workflow) {
    case 'backupSource':
      return { topic: 'backup', title: 'Backup of', command: `resguardo backup ${subject}` };
    case 'verification':
      return { topic: 'verification', title: 'Verification of', command: 'resguardo verify --read-data' };
    case 'extendObjectLocks':
      return { topic: 'object-locks', title: 'New locks for', command: 'resguardo doctor' };
    case 'monthlyArchive':
      return {
        topic: 'archive',
        title: 'Monthly archive of',
        command: 'resguardo schedules trigger monthly_archive',
      };
    case 'replicate':
      return { topic: 'copies', title: 'Copies to', command: `resguardo copy ${subject}` };
    case 'restore':
      return { topic: 'restore', title: 'Restore of' };
    case 'planRestore':
      return { topic: 'restore-plan', title: 'Forecast of a restore of' };
    case 'keepReplaced':
      return { topic: 'replaced', title: 'What a restore has replaced in' };
    case 'rollBackRestore':
      return { topic: 'roll-back', title: 'Roll-back of a restore into' };
    case 'dailyBackup':
      return { topic: 'daily-backup', title: 'Daily backup of', command: 'resguardo status' };
    case 'incrementalBackup':
      return { topic: 'incremental-backup', title: 'Incremental backup of', command: 'resguardo status' };
    case 'securityMonitoring':
      return { topic: 'security-monitoring', title: 'Security monitoring of', command: 'resguardo doctor' };
    case 'complianceCheck':
      return { topic: 'compliance-check', title: 'Compliance check of', command: 'resguardo doctor' };
    case 'analyticsReport':
      return { topic: 'report', title: 'Report of' };
    case 'prune':
      return { topic: 'prune', title: 'Forgetting and pruning in' };
    case 'sweep':
      return { topic: 'sweep', title: 'Tidying up' };
    case 'kubernetesBackup':
      return { topic: 'kubernetes-backup', title: 'Backup of' };
  }
}
