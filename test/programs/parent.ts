/** Runs `sleep` with a fifo open, and waits to be killed. Started by host.test.ts. */
import { runProgram } from '../../programs/run.ts';

const [fifo = ''] = process.argv.slice(2);
const program = runProgram({
  command: 'sh',
  args: ['-c', 'exec 9>"$1"; echo ready >&9; exec sleep 600', 'sh', fifo],
  signal: new AbortController().signal,
});
program.stdout.resume();
