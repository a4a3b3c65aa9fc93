import { join } from 'node:path';
import { type Catalog, openCatalog } from '../catalog/catalog.ts';
import { resolveSecret } from '../secrets/resolve.ts';

/** What the configuration says of the catalog. */
export interface CatalogSettings {
  readonly stateDir: string;
  readonly catalog: { readonly connection?: string | undefined };
}

export interface OpenCatalogOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Told of a catalog that was damaged and moved aside. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Opens the catalog that the configuration names: a PostgreSQL database, else a file in the state folder. The
 * same one for workers, command line and API.
 * @throws {Failure} as `openCatalog`; SecretUnavailable
 */
export async function openConfiguredCatalog(
  { stateDir, catalog }: CatalogSettings,
  { env, onWarning }: OpenCatalogOptions,
): Promise<Catalog> {
  if (catalog.connection !== undefined) {
    return openCatalog({ kind: 'postgres', url: await resolveSecret(catalog.connection, env) });
  }
  return openCatalog({ kind: 'sqlite', file: join(stateDir, 'catalog.db'), ...(onWarning && { onWarning }) });
}
