/** Names of queries, signals and updates that users and programs rely on. */
export const queryNames = { progress: 'progress', result: 'result' } as const;

/**
 * `keepAs` asks a backup under way to keep its snapshot as long as another schedule wants it; `copyMore` tells a
 * replication under way that there is more to copy; `thawed` tells a restore that waits for an archive to look at once.
 */
export const signalNames = { keepAs: 'keepAs', copyMore: 'copyMore', thawed: 'thawed' } as const;

/**
 * Requests that are answered: of a restore that waits for a person, of what a restore has replaced, and of a
 * backup under way.
 */
export const updateNames = {
  confirm: 'confirm',
  reject: 'reject',
  rollBack: 'rollback',
  limits: 'limits',
} as const;

export const workflowTypes = {
  backupSource: 'backupSource',
  restore: 'restore',
  planRestore: 'planRestore',
  keepReplaced: 'keepReplaced',
  rollBackRestore: 'rollBackRestore',
  verification: 'verification',
  replicate: 'replicate',
  extendObjectLocks: 'extendObjectLocks',
  monthlyArchive: 'monthlyArchive',
  dailyBackup: 'dailyBackup',
  incrementalBackup: 'incrementalBackup',
  securityMonitoring: 'securityMonitoring',
  analyticsReport: 'analyticsReport',
  complianceCheck: 'complianceCheck',
  kubernetesBackup: 'kubernetesBackup',
  prune: 'prune',
  sweep: 'sweep',
} as const;

export type WorkflowType = keyof typeof workflowTypes;
