import { closeSync, openSync, readSync } from 'node:fs';

/** Takes the names in a folder, and gives back those that are stored. Names are bytes as characters. */
export type FolderRules = (folder: Buffer, names: readonly string[]) => readonly string[];

export interface FolderRuleOptions {
  /** Leaves out what is in caches: folders with a valid `CACHEDIR.TAG` (https://bford.info/cachedir/). */
  readonly excludeCaches: boolean;
  /** Leaves out what is in folders that have a file of one of these names. */
  readonly excludeIfPresent: readonly string[];
}

const cacheTag = 'CACHEDIR.TAG';
const cacheSignature = 'Signature: 8a477f597d28d172789f06886806bc55';

/** The tag itself is stored, so that a restored folder is left out again. */
export function folderRules(options: FolderRuleOptions): FolderRules {
  const tags = options.excludeIfPresent.map((tag) => Buffer.from(tag).toString('latin1'));
  return (folder, names) => {
    const tag = tags.find((name) => names.includes(name));
    if (tag !== undefined) return [tag];
    if (options.excludeCaches && names.includes(cacheTag) && isCache(folder)) return [cacheTag];
    return names;
  };
}

function isCache(folder: Buffer): boolean {
  const start = Buffer.alloc(cacheSignature.length);
  try {
    const descriptor = openSync(Buffer.concat([folder, Buffer.from(`/${cacheTag}`)]), 'r');
    try {
      readSync(descriptor, start);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // A tag that cannot be read marks nothing: its folder is stored.
    return false;
  }
  return start.toString('latin1') === cacheSignature;
}
