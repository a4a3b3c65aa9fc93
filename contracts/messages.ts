/** Names of queries, signals and updates that users and programs rely on. */
export const queryNames = { progress: 'progress', result: 'result' } as const;

/** Asks a backup under way to keep its snapshot as long as another schedule wants it. */
export const signalNames = { keepAs: 'keepAs' } as const;

/** Requests that are answered: of a restore that waits for a person, and of what a restore has replaced. */
export const updateNames = { confirm: 'confirm', reject: 'reject', rollBack: 'rollback' } as const;

export const workflowTypes = {
  backupSource: 'backupSource',
  restore: 'restore',
  planRestore: 'planRestore',
  keepReplaced: 'keepReplaced',
  verification: 'verification',
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
