import type { StoreFile } from './store.ts';

/**
 * Whether a file goes into the class that is configured for packs. A class that is out of reach or dear to read is
 * for data alone: trees are read by every backup, check and listing. A pack whose content nobody tells stays where it
 * can be read.
 */
export function isForClass({ type, holds }: StoreFile, isForDataAlone: boolean): boolean {
  return type === 'data' && (!isForDataAlone || holds === 'data');
}
