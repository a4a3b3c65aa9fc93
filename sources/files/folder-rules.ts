import { closeSync, openSync, readSync } from 'node:fs';

/** Takes the names in a folder, and gives back those that are stored. Names are bytes as characters. */
export type FolderRules = (folder: Buffer, names: readonly string[]) => readonly string[];

export interface FolderRuleOptions {
  /** Leaves out what is in caches: folders with a valid `CACHEDIR.TAG` (https://bford.info/cachedir/). */
  readonly excludeCaches: boolean;
  /** Leaves out what is in folders that have a file of one of these names; `name:header`: that begins so. */
  readonly excludeIfPresent: readonly string[];
}

const cacheTag = 'CACHEDIR.TAG';
const cacheSignature = 'Signature: 8a477f597d28d172789f06886806bc55';

/** The tag itself is stored, so that a restored folder is left out again. */
export function folderRules(options: FolderRuleOptions): FolderRules {
  const tags = options.excludeIfPresent.map(parseTag);
  if (options.excludeCaches) tags.push({ name: cacheTag, header: cacheSignature });
  return (folder, names) => {
    const tag = tags.find(({ name, header }) => names.includes(name) && beginsWith(folder, name, header));
    return tag === undefined ? names : [tag.name];
  };
}

interface Tag {
  /** Bytes as characters, like names. */
  readonly name: string;
  readonly header: string;
}

function parseTag(text: string): Tag {
  const [, name = '', header = ''] = /^([^:]*):?(.*)$/s.exec(Buffer.from(text).toString('latin1')) ?? [];
  return { name, header };
}

function beginsWith(folder: Buffer, name: string, header: string): boolean {
  if (header === '') return true;
  const start = Buffer.alloc(header.length);
  try {
    const descriptor = openSync(Buffer.concat([folder, Buffer.from(`/${name}`, 'latin1')]), 'r');
    try {
      readSync(descriptor, start);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // A tag that cannot be read marks nothing: its folder is stored.
    return false;
  }
  return start.toString('latin1') === header;
}
