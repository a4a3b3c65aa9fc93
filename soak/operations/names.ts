/** Operations that change a repository. */
export const operationNames = [
  'init',
  'backup',
  'forget',
  'prune',
  'prune-mark',
  'prune-expired',
  'prune-rescue',
  'tag',
  'rebuild-index',
  'passwd',
  'copy',
] as const;

export type OperationName = (typeof operationNames)[number];

/** What gets a damaged repository back, in this order. */
export const repairNames = ['repair-packs', 'repair-index', 'repair-snapshots'] as const;

export type RepairName = (typeof repairNames)[number];

/** What `passwd` changes the password to. */
export const secondPassword = 'battery staple';
