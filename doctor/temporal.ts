import { controlQueue, hostQueue } from '../contracts/queues.ts';
import { searchAttributes } from '../contracts/search-attributes.ts';
import type { Control } from '../control/client.ts';
import { applyConfiguredSchedules } from '../control/schedules.ts';
import { type Check, type CheckResult, failed, failure, ok, warning } from './check.ts';
import type { DoctorContext } from './context.ts';

const check = 'temporal';

/** Values of temporal.api.enums.v1.TaskQueueType. */
const queueTypes = { workflow: 1, activity: 2 } as const;

/** Whether the server answers, knows our search attributes, has workers for our queues, and our schedules. */
export function temporalCheck(context: DoctorContext): Check {
  return {
    check,
    subject: 'server',
    async run() {
      const control = await context.connect();
      try {
        return [
          ok(check, 'server', `Namespace ${control.namespace} at ${control.address}.`),
          await attributes(control),
          ...(await workers(context, control)),
          await schedules(context, control),
        ];
      } finally {
        await control.close();
      }
    },
  };
}

async function attributes({ client, namespace }: Control): Promise<CheckResult> {
  const subject = 'search attributes';
  try {
    const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
    const missing = Object.values(searchAttributes).filter(({ name }) => !(name in customAttributes));
    if (missing.length === 0) return ok(check, subject, 'They are registered.');
    const message = `Not registered: ${missing.map(({ name }) => name).join(', ')}.`;
    return warning(check, subject, { message, mend: 'Start a worker: it registers them.' });
  } catch (error) {
    return failed(check, subject, error);
  }
}

async function workers({ configuration }: DoctorContext, control: Control): Promise<readonly CheckResult[]> {
  const queue = hostQueue(configuration.host);
  const queues = [
    { name: controlQueue, type: queueTypes.workflow, mend: 'Start one: resguardo worker (or resguardo up).' },
    { name: queue, type: queueTypes.activity, mend: `Start one on ${configuration.host}: resguardo worker.` },
  ];
  return Promise.all(
    queues.map(async ({ name, type, mend }) => {
      const { pollers } = await control.client.workflowService.describeTaskQueue({
        namespace: control.namespace,
        taskQueue: { name },
        taskQueueType: type,
      });
      const subject = `queue ${name}`;
      if (pollers.length > 0) return ok(check, subject, 'A worker takes its tasks.');
      return failure(check, subject, { message: 'No worker takes its tasks: nothing runs.', mend });
    }),
  );
}

async function schedules({ configuration }: DoctorContext, control: Control): Promise<CheckResult> {
  const subject = 'schedules';
  try {
    const { changes } = await applyConfiguredSchedules(control, configuration.schedules, {
      dryRun: true,
      force: true,
    });
    const paused = changes.filter((change) => change.kind === 'keep' && change.paused).map(({ id }) => id);
    const different = changes.filter(({ kind }) => kind !== 'keep').map(({ id }) => id);
    const mend = 'Make them so: resguardo schedules apply (first with --dry-run).';
    if (different.length > 0) {
      return warning(check, subject, { message: `Not as configured: ${different.join(', ')}.`, mend });
    }
    if (paused.length > 0) {
      const message = `Paused: ${paused.join(', ')}.`;
      return warning(check, subject, { message, mend: `resguardo schedules resume ${paused[0]}` });
    }
    return ok(check, subject, `All ${changes.length} are as configured.`);
  } catch (error) {
    return failed(check, subject, error);
  }
}
