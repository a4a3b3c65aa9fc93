import { readFileSync } from 'node:fs';
import type { OwnerNames } from '../../repository/archive/stat-metadata.ts';

export interface OwnerFiles {
  readonly passwd: string;
  readonly group: string;
}

/**
 * Reads the names of users and groups once. Like restic, which is linked without the C library's name
 * services, it knows what stands in the files.
 */
export function loadOwnerNames(
  files: OwnerFiles = { passwd: '/etc/passwd', group: '/etc/group' },
): OwnerNames {
  const users = namesById(files.passwd);
  const groups = namesById(files.group);
  return { user: (uid) => users.get(uid), group: (gid) => groups.get(gid) };
}

/** Both files have the name in the first field of a line and the number in the third; the first line counts. */
function namesById(file: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of readIfPresent(file).split('\n')) {
    const [name = '', , id = ''] = line.split(':');
    if (name === '' || /^[#+-]/.test(name) || !/^\d+$/.test(id)) continue;
    if (!names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}

function readIfPresent(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // A container without the file has numbers alone.
    return '';
  }
}
