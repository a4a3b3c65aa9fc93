import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { apiKey } from '../../api/keys.ts';
import { type ApiOptions, createApi } from '../../api/server.ts';
import { type Catalog, openCatalog } from '../../catalog/catalog.ts';
import type { RunFinish } from '../../catalog/run-records.ts';
import { createApiPort } from '../../cli/api-port.ts';
import { type Configuration, parseConfiguration } from '../../configuration/load.ts';
import { createLogger } from '../../logging/logger.ts';

export const testKey = 'a key that nobody guesses';

export interface RunningApi {
  readonly url: string;
  readonly catalog: Catalog;
  readonly configuration: Configuration;
  /** Asks with the right key, unless other headers are given. */
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

export interface RunningApiOptions
  extends Partial<Pick<ApiOptions, 'keys' | 'lockout' | 'requestsPerMinute'>> {
  /** More lines of the configuration. */
  readonly yaml?: string;
}

/** The API on a free port of this machine, over a catalog and a configuration of the test's own. */
export async function runApi(test: TestContext, options: RunningApiOptions = {}): Promise<RunningApi> {
  const { yaml = 'temporal: {address: "127.0.0.1:1"}', ...apiOptions } = options;
  const folder = await mkdtemp(join(tmpdir(), 'resguardo-api-'));
  const configuration = parseConfiguration(
    join(folder, 'resguardo.yaml'),
    `stateDir: state
repositories: {main: {url: repository, password: env:X}}
sources:
  shop: {kind: postgres, connection: env:SHOP}
  etc: {kind: files, paths: [/etc], tags: [system]}
${yaml}
`,
    {},
  );
  const catalog = await openCatalog({ kind: 'sqlite', file: join(configuration.stateDir, 'catalog.db') });
  const logger = createLogger({ level: 'silent', format: 'json' });
  const port = createApiPort({ configuration, env: {}, logger, version: '1.2.3' });
  const app = await createApi({ port, version: '1.2.3', keys: [apiKey('api', testKey)], ...apiOptions });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  test.after(async () => {
    await app.close();
    await port.close();
    await catalog.close();
    await rm(folder, { recursive: true, force: true });
  });
  const right = { 'x-api-key': testKey };
  return {
    url,
    catalog,
    configuration,
    get: (path, headers = right) => fetch(url + path, { headers }),
    post: (path, body, headers = {}) =>
      fetch(url + path, {
        method: 'POST',
        headers: { ...right, 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      }),
  };
}

/** A run of the given day of November 2026 that has ended. */
export function finishedRun(day: number, run: Partial<RunFinish> = {}): RunFinish {
  const date = `2026-11-${String(day).padStart(2, '0')}`;
  return {
    workflow: 'backupSource',
    workflowId: 'backup/shop',
    runId: `run-${day}`,
    subject: 'shop',
    kind: 'postgres',
    repository: 'main',
    status: 'done',
    startedAt: `${date}T02:00:00.000Z`,
    finishedAt: `${date}T02:05:00.000Z`,
    bytesProcessed: 1000 * day,
    ...run,
  };
}
