import type { ApiPort } from '../api/port.ts';
import type { Readiness } from '../api/schemas.ts';
import { AuditLog } from '../audit/log.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Configuration } from '../configuration/load.ts';
import { createAuditPort } from '../control/audit.ts';
import { startBackup } from '../control/backup.ts';
import { openConfiguredCatalog } from '../control/catalog.ts';
import { type Control, connectControl } from '../control/client.ts';
import { copyPlaces } from '../control/copies.ts';
import { Later } from '../control/later.ts';
import { sourceStates } from '../control/sources.ts';
import type { Logger } from '../logging/logger.ts';
import { measureDisks } from '../metrics/disk.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { listSchedules } from '../schedules/operate.ts';
import { temporalSettings } from './local-temporal.ts';

export interface ApiPortOptions {
  readonly configuration: Configuration;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
  readonly version: string;
}

/** The API's port over the catalog, Temporal and the configuration; each is opened when it is first needed. */
export function createApiPort(options: ApiPortOptions): ApiPort & { close(): Promise<void> } {
  const { configuration, env, logger, version } = options;
  const onWarning = (message: string): void => logger.warn(message);
  const catalog = new Later(() => openConfiguredCatalog(configuration, { env, onWarning }));
  const control = new Later(async () =>
    connectControl({ settings: await temporalSettings(configuration, env), env, timeoutMs: 2000 }),
  );
  const metrics = createMetrics({
    catalog: () => catalog.get(),
    version,
    kinds: [...new Set(Object.values(configuration.sources).map(({ kind }) => kind))],
    copies: copyPlaces(configuration),
    disks: () => measureDisks(localPaths(configuration)),
    onProblem: (err) => logger.warn({ err }, 'The metrics lack what the catalog knows'),
  });
  return {
    readiness: () => readiness(catalog, control),
    metrics: async () => ({ contentType: metrics.contentType, text: await metrics.text() }),
    sources: async () => sourceStates(configuration, await catalog.get()),
    schedules: async () => listSchedules((await control.get()).client.schedule),
    runs: async ({ source, workflow, status, from, to }, page) =>
      (await catalog.get()).runs(
        {
          ...(source !== undefined && { subject: source }),
          ...(workflow !== undefined && { workflow }),
          ...(status !== undefined && { status: [status] }),
          ...(from !== undefined && { from }),
          ...(to !== undefined && { to }),
        },
        { ...page, newestFirst: true },
      ),
    run: async (workflowId, runId) => (await catalog.get()).run({ workflowId, runId }),
    snapshots: async (source) => newestFirst(await catalog.get(), source),
    startBackup: async (input, { join }) => {
      const onConflict = join ? 'join' : 'fail';
      const { workflowId, runId, joined } = await startBackup(await control.get(), input, { onConflict });
      return { workflowId, runId, joined };
    },
    audit: createAuditPort({
      append: async (event) => new AuditLog((await catalog.get()).database).append(event),
      onProblem: (err, { action, subject }) =>
        logger.error({ err, action, subject }, 'The audit log could not be written'),
    }),
    log: logger,
    close: async () => {
      await Promise.all([catalog.close(), control.close()]);
    },
  };
}

async function newestFirst(catalog: Catalog, source: string | undefined) {
  const snapshots = await catalog.snapshots(source === undefined ? {} : { source });
  const placeOf = ({ takenAt, repository, id }: (typeof snapshots)[number]) =>
    `${takenAt}\n${repository}\n${id}`;
  return snapshots
    .map((snapshot) => ({ snapshot, place: placeOf(snapshot) }))
    .sort((left, right) => (left.place < right.place ? 1 : -1))
    .map(({ snapshot }) => snapshot);
}

async function readiness(catalog: Later<Catalog>, control: Later<Control>): Promise<Readiness> {
  const [temporalWorks, catalogWorks] = await Promise.all([temporalAnswers(control), catalogReads(catalog)]);
  return {
    ready: temporalWorks && catalogWorks,
    checks: { temporal: temporalWorks ? 'ok' : 'failed', catalog: catalogWorks ? 'ok' : 'failed' },
  };
}

/** A connection that no longer answers is made anew: the server may be at another address now. */
async function temporalAnswers(control: Later<Control>): Promise<boolean> {
  try {
    const { watcher } = await control.get();
    await watcher.withDeadline(Date.now() + 2000, () => watcher.workflowService.getSystemInfo({}));
    return true;
  } catch {
    await control.drop();
    return false;
  }
}

async function catalogReads(catalog: Later<Catalog>): Promise<boolean> {
  try {
    await (await catalog.get()).needsRebuild();
    return true;
  } catch {
    return false;
  }
}

/** Folders of this machine whose file systems may fill up. */
function localPaths({ stateDir, repositories }: Configuration): readonly string[] {
  const urls = Object.values(repositories).map(({ url }) => url);
  return [stateDir, ...urls.filter((url) => url.startsWith('/'))];
}
