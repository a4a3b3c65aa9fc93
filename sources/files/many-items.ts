import { type Dirent, readdirSync } from 'node:fs';

/** Tells whether there are more items below some paths than a number, looking at hardly more than that. */
export function hasMoreItems(paths: readonly string[], count: number): boolean {
  let left = count;
  const isOver = (folder: string): boolean => {
    for (const item of itemsOf(folder)) {
      left -= 1;
      if (left < 0 || (item.isDirectory() && isOver(`${folder}/${item.name}`))) return true;
    }
    return false;
  };
  return paths.some(isOver);
}

/** Nothing of what is no folder, or cannot be read: who lists it will say so. */
function itemsOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
