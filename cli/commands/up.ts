import type { Configuration } from '../../configuration/load.ts';
import { Failure } from '../../contracts/failures.ts';
import { temporalEndpoint } from '../../control/endpoint.ts';
import { type ApiProcess, describeApi, startApi } from '../api-process.ts';
import { loadContextConfiguration } from '../configuration.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { toFailure } from '../failure.ts';
import { port } from '../option-values.ts';
import { startLocalTemporal, type TemporalPorts } from '../temporal-server.ts';
import { programVersion } from '../version.ts';
import { configuredLogger, startWorkerProcess } from '../worker-process.ts';

export function defineUp({ parent, run }: Definition): void {
  const command = parent
    .command('up')
    .description(
      'run everything on this machine: a Temporal server, unless one is configured, a worker and the API',
    )
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
  let api: ApiProcess | undefined;
  try {
    const connected = server ? withAddress(configuration, server.address) : configuration;
    const { ended } = await startWorkerProcess(context, connected, { queues: 'all' });
    const { address, namespace } = temporalEndpoint(connected.temporal, context.env);
    const { host } = configuration;
    api = await startApiBeside(context, connected);
    const started = { address, namespace, uiUrl: server?.uiUrl, apiUrl: api?.url, host, pid: process.pid };
    await output.event('started', started);
    output.note(
      [
        `Temporal   ${address}, namespace ${namespace}`,
        ...(server?.uiUrl === undefined ? [] : [`Web UI     ${server.uiUrl}`]),
        ...(api === undefined ? [] : [describeApi(api)]),
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
    await api?.close();
    await server?.stop();
  }
}

/** Backups go on without it: that it cannot start is a warning. */
async function startApiBeside(
  context: CommandContext,
  configuration: Configuration,
): Promise<ApiProcess | undefined> {
  const { env, output } = context;
  try {
    return await startApi({
      configuration,
      env,
      logger: configuredLogger(context, configuration),
      version: await programVersion(),
      anyPort: true,
    });
  } catch (error) {
    const { message, advice } = toFailure(error);
    output.warn(`warning: ${message}. ${advice}`);
    return undefined;
  }
}

function withAddress(configuration: Configuration, address: string): Configuration {
  return { ...configuration, temporal: { ...configuration.temporal, address } };
}
