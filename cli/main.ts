import { runCommandLine } from './program.ts';
import { programVersion } from './version.ts';

process.exitCode = await runCommandLine({
  args: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  version: await programVersion(),
});
