/** Ids of our schedules, as the Temporal server knows them (`temporal schedule trigger --schedule-id …`). */
export const scheduleIds = [
  'automated_backups',
  'incremental_backups',
  'security_monitoring',
  'k8s_backups',
  'backup_verification',
  'backup_analytics_report',
  'backup_compliance_check',
  'repository_prune',
  'repository_copies',
  'object_lock_renewal',
  'monthly_archive',
] as const;

export type ScheduleId = (typeof scheduleIds)[number];

/** Workflow type that each schedule starts. */
export const scheduledWorkflowTypes = {
  automated_backups: 'dailyBackup',
  incremental_backups: 'incrementalBackup',
  security_monitoring: 'securityMonitoring',
  k8s_backups: 'kubernetesBackup',
  backup_verification: 'verification',
  backup_analytics_report: 'analyticsReport',
  backup_compliance_check: 'complianceCheck',
  repository_prune: 'prune',
  repository_copies: 'replicate',
  object_lock_renewal: 'extendObjectLocks',
  monthly_archive: 'monthlyArchive',
} as const satisfies Record<ScheduleId, string>;

/** Id of the schedule of a repository whose copies have times of their own. */
export function copiesScheduleId(repository: string): `repository_copies_${string}` {
  return `repository_copies_${repository}`;
}

/** The server appends the time to it: `schedule/automated_backups-2026-11-21T02:00:00Z`. */
export function scheduledWorkflowId(id: string): string {
  return `schedule/${id}`;
}
