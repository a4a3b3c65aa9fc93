import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

export interface WrapperOptions {
  /** Whether the C library in the folder is used, rather than that of the machine. Default false. */
  readonly ownLoader?: boolean;
}

/**
 * Writes `bin/<program>` into a folder of unpacked packages: it starts the program with the libraries beside it,
 * wherever the folder is moved to.
 * @param program path in the folder: `usr/bin/mysqldump`
 */
export async function writeWrapper(
  directory: string,
  program: string,
  { ownLoader = false }: WrapperOptions = {},
): Promise<void> {
  const folder = join(directory, 'bin');
  await mkdir(folder, { recursive: true });
  const wrapper = join(folder, basename(program));
  const libraries = '$(echo "$root"/usr/lib/*-linux-gnu):$(echo "$root"/lib/*-linux-gnu)';
  const start = ownLoader
    ? `loader=$(echo "$root"/usr/lib/*-linux-gnu/ld-linux-*.so.*)\nexec "$loader" --library-path "${libraries}" "$root/${program}" "$@"`
    : `export LD_LIBRARY_PATH="${libraries}"\nexec "$root/${program}" "$@"`;
  await writeFile(wrapper, `#!/bin/sh\nroot=$(dirname "$(dirname "$0")")\n${start}\n`);
  await chmod(wrapper, 0o755);
}
