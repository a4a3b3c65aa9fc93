import type { Configuration } from '../../configuration/load.ts';
import { Failure } from '../../contracts/failures.ts';
import { temporalEndpoint } from '../../control/endpoint.ts';
import { loadContextConfiguration } from '../configuration.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { port } from '../option-values.ts';
import { startLocalTemporal, type TemporalPorts } from '../temporal-server.ts';
import { startWorkerProcess } from '../worker-process.ts';

export function defineUp({ parent, run }: Definition): void {
  const command = parent
    .command('up')
    .description('run everything on this machine: a Temporal server, unless one is configured, and a worker')
    .option('--port <port>', 'port of the Temporal server (default: 7233, else a free one)', port)
    .option('--ui-port <port>', "port of Temporal's Web UI (default: 8233, else a free one)", port)
    .action(run(up));
  withExamples(command, [
    ['resguardo up', 'until Ctrl-C'],
    ['TEMPORAL_ADDRESS=temporal.internal:7233 resguardo up', 'with a server that is there'],
  ]);
}

async function up(context: CommandContext, ports: TemporalPorts): Promise<number> {
  const { output, signal } = context;
  const configuration = await loadContextConfiguration(context);
  for (const warning of configuration.warnings) output.warn(`warning: ${warning}`);
  const server = await startLocalTemporal(context, configuration, ports);
  try {
    const connected = server ? withAddress(configuration, server.address) : configuration;
    const { ended } = await startWorkerProcess(context, connected, { queues: 'all' });
    const { address, namespace } = temporalEndpoint(connected.temporal, context.env);
    const { host } = configuration;
    await output.event('started', { address, namespace, uiUrl: server?.uiUrl, host, pid: process.pid });
    output.note(
      [
        `Temporal   ${address}, namespace ${namespace}`,
        ...(server?.uiUrl === undefined ? [] : [`Web UI     ${server.uiUrl}`]),
        `Worker     host ${host}`,
        `State      ${configuration.stateDir}`,
        'Ctrl-C stops all of it.',
      ].join('\n'),
    );
    const serverEnded = server?.ended.then((how) => {
      if (!signal.aborted)
        throw new Failure('TemporalUnavailable', how, { advice: 'Start `resguardo up` again.' });
    });
    await (serverEnded ? Promise.race([ended, serverEnded.then(() => ended)]) : ended);
    return 0;
  } finally {
    await server?.stop();
  }
}

function withAddress(configuration: Configuration, address: string): Configuration {
  return { ...configuration, temporal: { ...configuration.temporal, address } };
}
