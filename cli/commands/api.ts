import { once } from 'node:events';
import { describeApi, startApi } from '../api-process.ts';
import { loadContextConfiguration } from '../configuration.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { programVersion } from '../version.ts';
import { configuredLogger } from '../worker-process.ts';

export function defineApi({ parent, run }: Definition): void {
  const command = parent
    .command('api')
    .description('the HTTP API alone; `resguardo up` runs it too')
    .action(run((context: CommandContext) => serve(context)));
  withExamples(command, [
    ['BACKUP_API_KEY=… resguardo api', 'on api.listen of the configuration, until Ctrl-C'],
    ['curl -H "X-API-Key: $BACKUP_API_KEY" http://127.0.0.1:8484/api/v1/runs', 'ask it'],
  ]);
}

async function serve(context: CommandContext): Promise<number> {
  const { env, signal, output } = context;
  const configuration = await loadContextConfiguration(context);
  const logger = configuredLogger(context, configuration);
  const api = await startApi({ configuration, env, logger, version: await programVersion() });
  try {
    await output.event('started', { apiUrl: api.url, pid: process.pid });
    output.note(describeApi(api));
    if (!signal.aborted) await once(signal, 'abort');
    return 0;
  } finally {
    await api.close();
  }
}
