import type { FileType, StoredFile } from '../stores/store.ts';
import type { Repository } from './repository.ts';

/** What an object of a repository is for. */
export type ObjectKind = 'data' | 'trees' | 'index' | 'snapshots' | 'keys';

export interface StockObject extends StoredFile {
  readonly kind: ObjectKind;
}

const kinds = {
  index: 'index',
  snapshot: 'snapshots',
  key: 'keys',
} as const satisfies Partial<Record<FileType, ObjectKind>>;

/** Lists all objects of a repository, with what each is for. Needs the index. */
export async function* takeStock(repository: Repository, signal: AbortSignal): AsyncGenerator<StockObject> {
  const { store, index } = repository;
  for await (const file of store.list('data', signal)) {
    yield { ...file, kind: index.holdsTrees(file.name) ? 'trees' : 'data' };
  }
  for (const [type, kind] of Object.entries(kinds)) {
    for await (const file of store.list(type as keyof typeof kinds, signal)) yield { ...file, kind };
  }
}
