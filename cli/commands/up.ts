import type { Configuration } from '../../configuration/load.ts';
import { Failure } from '../../contracts/failures.ts';
import { temporalEndpoint } from '../../control/endpoint.ts';
import { applyConfiguredSchedules } from '../../control/schedules.ts';
import { type ApiProcess, describeApi, startApi } from '../api-process.ts';
import { loadContextConfiguration } from '../configuration.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { toFailure } from '../failure.ts';
import { port } from '../option-values.ts';
import { withControl } from '../temporal.ts';
import { startLocalTemporal, type TemporalPorts } from '../temporal-server.ts';
import { programVersion } from '../version.ts';
import { configuredLogger, startWorkerProcess } from '../worker-process.ts';

export function defineUp({ parent, run }: Definition): void {
  const command = parent
    .command('up')
    .description(
      'run everything on this machine: a Temporal server, unless one is configured, a worker, the schedules and the API',
    )
    .option('--port <port>', 'port of the Temporal server (default: 7233, else a free one)', port)
    .option('--ui-port <port>', "port of Temporal's Web UI (default: 8233, else a free one)", port)
    .option('--no-schedules', 'leave the schedules on the Temporal server as they are')
    .action(run(up));
  withExamples(command, [
    ['resguardo up', 'until Ctrl-C'],
    ['TEMPORAL_ADDRESS=temporal.internal:7233 resguardo up', 'with a server that is there'],
  ]);
}

interface Options extends TemporalPorts {
  /** False for `--no-schedules`. */
  readonly schedules: boolean;
}

async function up(context: CommandContext, { schedules, ...ports }: Options): Promise<number> {
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
    const applied = schedules ? await applySchedules(context, connected) : undefined;
    api = await startApiBeside(context, connected);
    const started = { address, namespace, uiUrl: server?.uiUrl, apiUrl: api?.url, host, pid: process.pid };
    await output.event('started', started);
    output.note(
      [
        `Temporal   ${address}, namespace ${namespace}`,
        ...(server?.uiUrl === undefined ? [] : [`Web UI     ${server.uiUrl}`]),
        ...(api === undefined ? [] : [describeApi(api)]),
        `Worker     host ${host}`,
        ...(applied === undefined ? [] : [`Schedules  ${applied}`]),
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

/**
 * Without schedules nothing is backed up at night, and nobody is told. What cannot be applied as it is (a
 * schedule of somebody else's) is for `schedules apply`, and a warning here.
 */
async function applySchedules(
  context: CommandContext,
  configuration: Configuration,
): Promise<string | undefined> {
  try {
    const { changes, warnings } = await withControl(context, configuration, (control) =>
      applyConfiguredSchedules(control, configuration.schedules),
    );
    for (const warning of warnings) context.output.warn(`warning: ${warning}`);
    const changed = changes.filter(({ kind }) => kind !== 'keep').length;
    return `${changes.length}, ${changed === 0 ? 'all as they were' : `${changed} of them changed`}: resguardo schedules list`;
  } catch (error) {
    const { message, advice } = toFailure(error);
    context.output.warn(`warning: the schedules are not applied: ${message} ${advice}`);
    return undefined;
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
