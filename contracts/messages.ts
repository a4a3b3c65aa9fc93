/** Names of queries, signals and updates that users and programs rely on. */
export const queryNames = { progress: 'progress', result: 'result' } as const;

export const workflowTypes = {
  backupSource: 'backupSource',
  restore: 'restore',
  verification: 'verification',
} as const;

export type WorkflowType = keyof typeof workflowTypes;
