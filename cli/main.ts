import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

// Keeps compiled code between runs: half of the start-up time. The folder is the user's own, because code
// in it is trusted.
enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'resguardo', 'code'));
const [{ runCommandLine }, { programVersion }] = await Promise.all([
  import('./program.ts'),
  import('./version.ts'),
]);

process.exitCode = await runCommandLine({
  args: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  version: await programVersion(),
});
