import { forgetEvents } from '../audit/forgotten.ts';
import { AuditLog } from '../audit/log.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Configuration } from '../configuration/load.ts';
import type { MysqlSourceConfiguration, PostgresSourceConfiguration } from '../configuration/schema.ts';
import { parseDuration } from '../contracts/duration.ts';
import { createAuditPort } from '../control/audit.ts';
import { retentionOf } from '../control/retention.ts';
import type { Logger } from '../logging/logger.ts';
import { createMaintenance, type Maintenance } from '../maintenance/maintenance.ts';
import type { LeftOverDatabases } from '../maintenance/sweep.ts';
import { defaultDeleteDelayMs } from '../repository/prune/plan.ts';

import type { Repository } from '../repository/repository.ts';
import { sweepMysql } from '../restore/mysql/left-overs.ts';
import { dropLeftOvers } from '../restore/postgres/left-overs.ts';
import type { MysqlConnection } from '../sources/mysql/connection.ts';
import type { PostgresConnection } from '../sources/postgres/connection.ts';

export interface MaintenanceParts {
  readonly configuration: Configuration;
  readonly logger: Logger;
  readonly catalog: () => Promise<Catalog>;
  /** Opens a repository with the right to remove. */
  readonly openRepository: (name: string) => Promise<Repository>;
  readonly connections: {
    postgres(connection: PostgresSourceConfiguration['connection']): Promise<PostgresConnection>;
    mysql(connection: MysqlSourceConfiguration['connection']): Promise<MysqlConnection>;
  };
}

/** The maintenance of this host, made from the configuration. */
export function composeMaintenance(parts: MaintenanceParts): Maintenance {
  const { configuration, logger, catalog, openRepository } = parts;
  const audit = createAuditPort({
    append: async (event) => new AuditLog((await catalog()).database).append(event),
    onProblem: (err) => logger.warn({ err }, 'A removal is missing in the audit log'),
  });
  return createMaintenance({
    stateDir: configuration.stateDir,
    openRepository,
    policyOf: (repository) => retentionOf(configuration, repository),
    deleteDelayMsOf: (repository) =>
      parseDuration(configuration.repositories[repository]?.prune.deleteDelay ?? '') ?? defaultDeleteDelayMs,
    maxUnusedPercentOf: (repository) => configuration.repositories[repository]?.prune.maxUnusedPercent ?? 0,
    leftOverDatabases: leftOverDatabases(parts),
    catalog,
    announce: async ({ repository, schedule }, ids) => {
      const who = { origin: schedule ? 'schedule' : 'temporal', actor: schedule ?? 'prune' } as const;
      for (const event of forgetEvents({ ...who, repository, ids })) await audit.record(event);
    },
    logger,
  });
}

function leftOverDatabases({ configuration, connections }: MaintenanceParts): readonly LeftOverDatabases[] {
  const { host, sources } = configuration;
  return Object.entries(sources).flatMap(([source, settings]) => {
    if ((settings.host ?? host) !== host) return [];
    if (settings.kind === 'postgres') {
      const drop: LeftOverDatabases['drop'] = async (before, signal) => {
        const connection = await connections.postgres(settings.connection);
        return { databases: await dropLeftOvers(connection, { before, signal }), problems: [] };
      };
      return [{ source, drop }];
    }
    if (settings.kind === 'mysql') {
      const drop: LeftOverDatabases['drop'] = async (before, signal) =>
        sweepMysql(await connections.mysql(settings.connection), { before, signal });
      return [{ source, drop }];
    }
    return [];
  });
}
