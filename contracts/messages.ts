/** Names of queries, signals and updates that users and programs rely on. */
export const queryNames = { progress: 'progress', result: 'result' } as const;

/** Asks a backup under way to keep its snapshot as long as another schedule wants it. */
export const signalNames = { keepAs: 'keepAs' } as const;

export const workflowTypes = {
  backupSource: 'backupSource',
  restore: 'restore',
  verification: 'verification',
  dailyBackup: 'dailyBackup',
  incrementalBackup: 'incrementalBackup',
  securityMonitoring: 'securityMonitoring',
  analyticsReport: 'analyticsReport',
  complianceCheck: 'complianceCheck',
  kubernetesBackup: 'kubernetesBackup',
} as const;

export type WorkflowType = keyof typeof workflowTypes;
