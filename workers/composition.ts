import {
  type ActivityDependencies,
  type ActivityTiming,
  defaultTiming,
  StatusFile,
} from '../activities/index.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Configuration } from '../configuration/load.ts';
import type { RepositoryConfiguration } from '../configuration/schema.ts';
import { bytesPerSecond, withChanges } from '../configuration/store-settings.ts';
import { Failure } from '../contracts/failures.ts';
import { openConfiguredCatalog } from '../control/catalog.ts';
import { Later } from '../control/later.ts';
import { createInspector } from '../inspection/inspector.ts';
import { WatchFiles } from '../inspection/watch-file.ts';
import type { Logger } from '../logging/logger.ts';
import { pricesOrList } from '../policy/cost/read-prices.ts';
import { Repository, type RepositoryOptions } from '../repository/repository.ts';
import { resolveSecret } from '../secrets/resolve.ts';
import { Bandwidth } from '../stores/network/limits.ts';
import { openStore } from '../stores/open.ts';
import { Bucket } from '../stores/s3/bucket/bucket.ts';
import { withCleanup } from '../stores/with-cleanup.ts';
import { mysqlConnection, postgresConnection } from './database-connections.ts';
import { createHistory } from './history.ts';
import { createHook } from './hooks.ts';
import { inspected } from './inspection.ts';
import { composeMaintenance } from './maintenance.ts';
import { createNames } from './names.ts';
import { notHere } from './not-here.ts';
import { RunLimitFiles } from './run-limits.ts';
import { createDatabaseRestorer, createRestorer, createSource } from './sources.ts';
import { createTeller } from './teller.ts';

export interface CompositionOptions {
  readonly configuration: Configuration;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
  readonly programVersion: string;
  readonly timing?: Partial<ActivityTiming>;
  /** For fault tests: called before and after each step, and between those of a swap of MySQL. */
  readonly failpoint?: (name: string) => Promise<void> | void;
  /** For fault tests. */
  readonly repositoryOptions?: Pick<RepositoryOptions, 'packSizeBytes' | 'failpoint'>;
}

/** The one place where a worker's activities meet concrete stores and sources. */
export function composeActivities(options: CompositionOptions): ActivityDependencies {
  const { configuration, env, logger, programVersion, timing, failpoint } = options;
  const onWarning = (message: string): void => logger.warn(message);
  const catalog = new Later(() => openConfiguredCatalog(configuration, { env, onWarning }));
  const { tellRun, tellFindings } = createTeller(configuration, env, logger);
  const runLimits = new RunLimitFiles(configuration.stateDir);
  const open = (name: string, runId?: string) =>
    openRepository(options, name, runId === undefined ? {} : { run: { runId, runLimits } });
  return {
    names: createNames(configuration, programVersion),
    createSource: (name) => createSource(configuration, env, name),
    createHook: (request) => createHook(configuration, env, request),
    createRestorer: (name) => createRestorer(configuration, env, name),
    createDatabaseRestorer: (sources) =>
      createDatabaseRestorer(configuration, env, {
        ...sources,
        ...(failpoint !== undefined && { onStep: (step) => failpoint(`swap: ${step}`) }),
      }),
    openRepository: open,
    limitRun: (request) => runLimits.write(request),
    createCopyRepository: (name, of) =>
      createCopyRepository(options, name, { of, catalog: () => catalog.get() }),
    openObjectLocks: (name) => openBucket(configuration, env, name),
    prices: () => pricesOrList(configuration.prices, onWarning),
    status: new StatusFile(configuration.stateDir),
    history: createHistory(() => catalog.get(), logger),
    inspector: createInspector({
      ...inspected(configuration),
      watch: new WatchFiles(configuration.stateDir),
      openRepository: open,
      catalog: () => catalog.get(),
      tell: tellFindings,
      logger,
    }),
    maintenance: composeMaintenance({
      configuration,
      logger,
      catalog: () => catalog.get(),
      openRepository: (name) => openRepository(options, name, { purpose: 'prune' }),
      connections: {
        postgres: (connection) => postgresConnection(connection, env),
        mysql: (connection) => mysqlConnection(connection, env),
      },
    }),
    tell: tellRun,
    logger,
    timing: { ...defaultTiming, ...timing },
    ...(failpoint !== undefined && { failpoint }),
    close: () => catalog.close(),
  };
}

async function openRepository(
  options: CompositionOptions,
  name: string,
  { purpose = 'backup', run }: OpenRepository,
): Promise<Repository> {
  const { store, secret, settings, bandwidth, limits } = await repositoryParts(options, name, purpose);
  if (run === undefined) return await Repository.open(store, secret, settings);
  const stop = await run.runLimits.follow(run.runId, (changed) =>
    bandwidth.set(bytesPerSecond(withChanges(limits, changed))),
  );
  try {
    return await Repository.open(withCleanup(store, stop), secret, settings);
  } catch (error) {
    stop();
    throw error;
  }
}

interface OpenRepository {
  readonly purpose?: 'backup' | 'prune';
  readonly run?: { readonly runId: string; readonly runLimits: RunLimitFiles };
}

/** A place that held snapshots before is not made anew: a disk that is not mounted looks like an empty one. */
async function createCopyRepository(
  options: CompositionOptions,
  name: string,
  { of, catalog }: { readonly of: Repository; readonly catalog: () => Promise<Catalog> },
): Promise<Repository> {
  const { store, secret, settings } = await repositoryParts(options, name, 'backup');
  const places = await (await catalog()).snapshotPlaces();
  if (places.some(({ repository }) => repository === name)) {
    const message = `There is no repository at ${store.location}, where ${name} was before`;
    throw new Failure('RepositoryNotFound', message, {
      advice:
        'Mount the disk or correct the URL. If it is lost: `resguardo repo init --copy-chunker-params`.',
    });
  }
  return await Repository.init(store, secret, { ...settings, chunkerPolynomial: of.chunkerPolynomial });
}

async function openBucket(
  { repositories }: Configuration,
  env: NodeJS.ProcessEnv,
  name: string,
): Promise<Bucket> {
  const repository = Object.hasOwn(repositories, name) && repositories[name];
  if (!repository) throw notHere('repository', name);
  const { url, caFile, s3 } = repository;
  return await Bucket.open(url, { env, caFile, s3 });
}

async function repositoryParts(
  { configuration, env, repositoryOptions }: CompositionOptions,
  name: string,
  purpose: 'backup' | 'prune',
) {
  const repository = Object.hasOwn(configuration.repositories, name) && configuration.repositories[name];
  if (!repository) throw notHere('repository', name);
  const { compression, caFile, limits = {} } = repository;
  const own: Partial<RepositoryConfiguration['prune']> = purpose === 'prune' ? repository.prune : {};
  const { url = repository.url, password = repository.password } = own;
  const { s3 = repository.s3, azure = repository.azure } = own;
  const { gcs = repository.gcs, sftp = repository.sftp } = own;
  const secret = await resolveSecret(password, env);
  const bandwidth = new Bandwidth(bytesPerSecond(limits));
  const store = await openStore(url, { env, caFile, s3, azure, gcs, sftp, bandwidth });
  return { store, secret, settings: { ...repositoryOptions, compression }, bandwidth, limits };
}
