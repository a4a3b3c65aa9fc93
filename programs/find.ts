import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Absolute path of a program on the search path, or undefined. A name with a slash must be absolute. */
export function findProgram(name: string, searchPath: string): string | undefined {
  if (name.includes('/')) return isAbsolute(name) && isProgram(name) ? name : undefined;
  for (const folder of searchPath.split(delimiter)) {
    // An empty or relative folder would mean the current one: nobody should run what happens to lie there.
    if (isAbsolute(folder) && isProgram(join(folder, name))) return join(folder, name);
  }
  return undefined;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
