/**
 * A process that installs a tool whose installation lasts until its standard input ends:
 * node cache-installer.ts DIRECTORY. It prints what it does, a line each.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { ensureInstalled } from '../../tools/cache.ts';

const [directory = ''] = process.argv.slice(2);

const installed = await ensureInstalled(
  {
    name: 'sample',
    version: '1.0',
    notice: 'Getting sample',
    install: async (folder) => {
      await finished(process.stdin.resume());
      await writeFile(join(folder, 'program'), String(process.pid));
    },
  },
  { onNotice: (notice) => console.log(notice) },
  directory,
);
console.log(`done ${installed}`);
process.stdin.destroy();
