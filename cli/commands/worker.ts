import { loadContextConfiguration } from '../configuration.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { startWorkerProcess } from '../worker-process.ts';

interface Options {
  readonly hostOnly?: boolean;
}

export function defineWorker({ parent, run }: Definition): void {
  const command = parent
    .command('worker')
    .description('run a worker: it carries out backups, restores and checks on this host')
    .option('--host-only', "work on this host's own queue alone, not on the control queue")
    .action(run(work));
  withExamples(command, [
    ['resguardo worker', 'on a machine with a Temporal server of its own, or with TEMPORAL_ADDRESS set'],
    ['resguardo worker --host-only', 'an agent on a further host'],
  ]);
}

async function work(context: CommandContext, options: Options): Promise<number> {
  const configuration = await loadContextConfiguration(context);
  for (const warning of configuration.warnings) context.output.warn(`warning: ${warning}`);
  const queues = options.hostOnly === true ? 'host' : 'all';
  const { ended } = await startWorkerProcess(context, configuration, { queues });
  await context.output.event('started', { host: configuration.host, queues, pid: process.pid });
  context.output.note('The worker is running. Ctrl-C lets it finish what it can, and ends it.');
  await ended;
  return 0;
}
