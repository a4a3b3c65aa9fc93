import type { ListedType, StoreFile } from './store.ts';

const folders = {
  key: 'keys',
  lock: 'locks',
  snapshot: 'snapshots',
  index: 'index',
  data: 'data',
} as const satisfies Record<ListedType, string>;

/** Folder of a type of file in restic's layout. */
export function typeFolder(type: ListedType): string {
  return folders[type];
}

/** Path of a file below the root of a repository; packs are spread over 256 folders. */
export function fileKey({ type, name }: StoreFile): string {
  if (type === 'config' || type === 'moved') return type;
  return type === 'data' ? `data/${name.slice(0, 2)}/${name}` : `${folders[type]}/${name}`;
}

/** Whether a name is one of a repository's files, and not a temporary or foreign one. */
export function isFileName(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}
