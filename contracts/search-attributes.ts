/** Names and types of the search attributes; they are registered before a worker starts. */
export const searchAttributes = {
  source: { name: 'ResguardoSource', type: 'KEYWORD' },
  kind: { name: 'ResguardoKind', type: 'KEYWORD' },
  status: { name: 'ResguardoStatus', type: 'KEYWORD' },
  repository: { name: 'ResguardoRepository', type: 'KEYWORD' },
  bytesAdded: { name: 'ResguardoBytesAdded', type: 'INT' },
} as const;

/** Values of `ResguardoStatus`. */
export type RunStatus = 'running' | 'done' | 'partial' | 'failed' | 'cancelled';
