/** Operations that change a repository. */
export const operationNames = [
  'init',
  'backup',
  'forget',
  'prune',
  'tag',
  'rebuild-index',
  'passwd',
  'copy',
] as const;

export type OperationName = (typeof operationNames)[number];

/** What `passwd` changes the password to. */
export const secondPassword = 'battery staple';
