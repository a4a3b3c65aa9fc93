/**
 * A worker as a process of its own, to be killed or frozen. It says `ready` to its parent when it works, and
 * `reached` when it stands at the failpoint, where it stays until it is told `go on`.
 *
 * worker-process.ts CONFIGURATION FAILPOINT COUNT all|host [WORKFLOW-CODE]
 *
 * With `host` it works on the host's queue alone, one step at a time, so that no other task goes to it.
 * WORKFLOW-CODE is a file of `workflowCodeFile`; without it the workflows are bundled now.
 */
import { once } from 'node:events';
import { loadConfiguration } from '../../configuration/load.ts';
import { createLogger } from '../../logging/logger.ts';
import { startWorkers } from '../../workers/worker.ts';
import { packSizeBytes } from './pack-size.ts';
import { readWorkflowCode } from './workflow-code.ts';

const [file = '', point = '', count = '1', queues, workflowCode] = process.argv.slice(2);
const configuration = await loadConfiguration({ file, env: process.env, cwd: process.cwd() });
const released = once(process, 'message');
let passed = 0;
const failpoint = async (name: string): Promise<void> => {
  if (name !== point) return;
  passed += 1;
  if (passed < Number(count)) return;
  process.send?.('reached');
  await released;
};
const workers = await startWorkers({
  configuration,
  env: process.env,
  logger: createLogger({ level: 'info', format: 'json' }),
  programVersion: '0.0.0-test',
  failpoint,
  repositoryOptions: { packSizeBytes, failpoint },
  timing: { heartbeatEveryMs: 100 },
  queues: queues === 'host' ? 'host' : 'all',
  ...(workflowCode !== undefined && { workflowBundle: await readWorkflowCode(workflowCode) }),
  workerOptions: {
    maxHeartbeatThrottleInterval: 200,
    defaultHeartbeatThrottleInterval: 200,
    ...(queues === 'host' && { maxConcurrentActivityTaskExecutions: 1 }),
  },
});
process.on('SIGTERM', () => workers.shutdown());
process.send?.('ready');
await workers.run();
process.disconnect?.();
