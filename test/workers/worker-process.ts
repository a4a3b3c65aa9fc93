/**
 * A worker as a process of its own, to be killed. It says `ready` to its parent when it works, and `reached`
 * when it stands at the failpoint, where it stays.
 *
 * worker-process.ts CONFIGURATION [FAILPOINT COUNT]
 */
import { loadConfiguration } from '../../configuration/load.ts';
import { createLogger } from '../../logging/logger.ts';
import { startWorkers } from '../../workers/worker.ts';
import { packSizeBytes } from './pack-size.ts';

const [file = '', point = '', count = '1'] = process.argv.slice(2);
const configuration = await loadConfiguration({ file, env: process.env, cwd: process.cwd() });
let passed = 0;
const workers = await startWorkers({
  configuration,
  env: process.env,
  logger: createLogger({ level: 'info', format: 'json' }),
  programVersion: '0.0.0-test',
  repositoryOptions: {
    packSizeBytes,
    failpoint: async (name) => {
      if (name !== point) return;
      passed += 1;
      if (passed < Number(count)) return;
      process.send?.('reached');
      await new Promise(() => {});
    },
  },
  timing: { heartbeatEveryMs: 100 },
  workerOptions: { maxHeartbeatThrottleInterval: 200, defaultHeartbeatThrottleInterval: 200 },
});
process.on('SIGTERM', () => workers.shutdown());
process.send?.('ready');
await workers.run();
process.disconnect?.();
