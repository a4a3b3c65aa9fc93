import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { importsIn, listFiles } from './source-files.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * What the files of a folder may import of ours, besides their own folder: folders or single files. A folder
 * that is not named here may import all that the rules below do not forbid.
 */
const allowedImports: Readonly<Record<string, readonly string[]>> = {
  contracts: [],
  workflows: ['contracts'],
  repository: ['contracts', 'secrets/secret.ts', 'stores/store.ts', 'posix'],
  stores: ['contracts', 'secrets', 'programs', 'posix'],
  sources: [
    'contracts',
    'secrets',
    'programs',
    'posix',
    'repository/archive/entry.ts',
    'repository/archive/lending-stream.ts',
    'repository/archive/stat-metadata.ts',
    'repository/tree/node.ts',
    // Its threads make what is written to trees.
    'repository/tree/encode.ts',
    'repository/tree/decode.ts',
    'repository/tree/time.ts',
  ],
  policy: ['contracts'],
  catalog: ['contracts', 'policy', 'secrets/secret.ts'],
  audit: ['contracts', 'catalog'],
  metrics: ['contracts', 'catalog', 'policy'],
  reports: ['contracts', 'catalog', 'policy'],
  programs: ['contracts', 'secrets/secret.ts', 'posix'],
  hooks: ['contracts', 'programs'],
  secrets: ['contracts', 'programs'],
  posix: ['contracts'],
  tools: ['contracts', 'secrets/secret.ts', 'programs', 'scripts/exclusive.mjs'],
  configuration: ['contracts', 'secrets'],
  schedules: ['contracts', 'configuration'],
  http: ['contracts', 'secrets/secret.ts'],
  notify: ['contracts', 'configuration', 'http', 'policy', 'secrets/secret.ts'],
  codec: ['contracts', 'secrets'],
  api: ['contracts', 'control'],
};

/** Packages that a folder may import, where that is narrower than package.json. */
const allowedPackages: Readonly<Record<string, readonly string[]>> = {
  // The failure of Temporal that workflows and activities throw alike.
  contracts: ['zod', '@temporalio/common'],
  workflows: ['@temporalio/workflow', '@temporalio/common', 'zod'],
};

/** Folders that are not shipped. */
const developmentFolders = ['test', 'bench', 'soak', 'demo'];

/** The ports: all that other folders may know of stores and sources. */
const ports: Readonly<Record<string, string>> = { stores: 'stores/store.ts', sources: 'sources/source.ts' };

/** Composition roots, which choose concrete stores and sources. */
const compositionFolders = ['workers', 'cli'];

/** The API goes through control/; the CLI knows the engine too, because `repo …` works without Temporal. */
const engineFolders = ['repository', 'stores', 'sources'];

const longestFile = 300;

interface SourceFile {
  readonly path: string;
  readonly source: string;
  readonly imports: readonly string[];
}

describe('the source text', () => {
  let files: readonly SourceFile[] = [];

  before(async () => {
    const paths = [...(await listFiles(root, '.', '.ts')), ...(await listFiles(root, '.', '.mjs'))];
    files = await Promise.all(
      paths.map(async (path) => {
        const source = await readFile(join(root, path), 'utf8');
        return { path, source, imports: importsIn(source, path) };
      }),
    );
    assert.ok(files.length > 50, 'the files were found');
  });

  test('imports only in the allowed directions', () => {
    assertNone(
      files
        .flatMap(({ path, imports }) => imports.map((target) => wrongDirection(path, target) ?? []))
        .flat(),
    );
  });

  for (const port of Object.keys(ports)) {
    test(`chooses concrete ${port} in one file of the CLI`, () => {
      const choosing = files.filter(
        ({ path, imports }) =>
          folderOf(path) === 'cli' &&
          imports.some((target) => folderOf(target) === port && isConcrete(target)),
      );
      assert.ok(choosing.length <= 1, `these files of cli/ choose: ${pathsOf(choosing).join(', ')}`);
    });
  }

  test('reaches the engine from the API through control alone', () => {
    assertNone(
      files
        .filter(({ path }) => folderOf(path) === 'api')
        .flatMap(({ path, imports }) =>
          imports
            .filter((target) => isOurs(target) && engineFolders.includes(folderOf(target)))
            .map((target) => `${path} imports ${target}`),
        ),
    );
  });

  test('has no default exports', () => {
    assertNone(
      pathsOf(files.filter(({ source }) => /^export (?:default\b|\{[^}]*\bas default\b)/m.test(source))),
    );
  });

  test(`has no file of more than ${longestFile} lines outside of the tests`, () => {
    assertNone(
      files
        .filter(({ path }) => folderOf(path) !== 'test')
        .map(({ path, source }) => ({ path, lines: source.split('\n').length - 1 }))
        .filter(({ lines }) => lines > longestFile)
        .map(({ path, lines }) => `${path} has ${lines} lines`),
    );
  });
});

describe('the rules of directions', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['contracts/jobs.ts', 'contracts/inputs.ts', true],
    ['contracts/jobs.ts', 'secrets/secret.ts', false],
    ['contracts/inputs.ts', 'zod', true],
    ['contracts/inputs.ts', 'node:fs', false],
    ['workflows/restore.ts', 'activities/create.ts', false],
    ['workflows/restore.ts', '@temporalio/workflow', true],
    ['workflows/restore.ts', 'node:path', false],
    ['repository/repository.ts', 'stores/store.ts', true],
    ['repository/repository.ts', 'stores/local.ts', false],
    ['repository/repository.ts', '@temporalio/client', false],
    ['stores/local.ts', 'repository/repository.ts', false],
    ['sources/files/source.ts', 'repository/archive/archiver.ts', false],
    ['activities/capture.ts', 'sources/source.ts', true],
    ['activities/capture.ts', 'sources/postgres/source.ts', false],
    ['restore/mysql/load.ts', 'sources/postgres/source.ts', false],
    ['restore/mysql/load.ts', 'sources/database-failures.ts', true],
    ['workers/worker.ts', 'sources/postgres/source.ts', true],
    ['control/client.ts', 'test/run.ts', false],
    ['test/cli/main.test.ts', 'demo/main.ts', true],
  ];

  for (const [path, target, allowed] of cases) {
    test(`${allowed ? 'allow' : 'forbid'} ${path} to import ${target}`, () => {
      assert.equal(wrongDirection(path, target) === undefined, allowed);
    });
  }
});

test('one protobufjs 8 serves all Temporal packages, or replay from JSON fails', () => {
  const require = createRequire(import.meta.url);
  const found = ['@temporalio/common', '@temporalio/proto', '@temporalio/worker'].map((name) => {
    const within = createRequire(
      name === '@temporalio/proto' ? require.resolve('@temporalio/common') : import.meta.url,
    );
    return createRequire(within.resolve(name)).resolve('protobufjs/package.json');
  });
  assert.equal(new Set(found).size, 1, `found ${found.join(', ')}`);
  assert.match(require(found[0] ?? '').version, /^8\./);
});

/** Why a file must not import a target, or undefined if it may. */
function wrongDirection(path: string, target: string): string | undefined {
  const problem = isOurs(target) ? wrongFile(path, target) : wrongPackage(folderOf(path), target);
  return problem === undefined ? undefined : `${path} imports ${target}: ${problem}`;
}

function wrongFile(path: string, target: string): string | undefined {
  const folder = folderOf(path);
  const targetFolder = folderOf(target);
  if (folder === targetFolder || developmentFolders.includes(folder)) return undefined;
  if (developmentFolders.includes(targetFolder)) return 'nothing that is shipped imports it';
  const allowed = allowedImports[folder];
  if (allowed)
    return allowed.includes(targetFolder) || allowed.includes(target) ? undefined : `not for ${folder}/`;
  // What restores a kind of source knows its format: restore/postgres/ reads what sources/postgres/ wrote, and what
  // kinds share lies beside their folders.
  const ownSources = [/^sources\/[^/]+$/, new RegExp(`^sources/${path.split('/')[1]}/`)];
  if (folder === 'restore' && ownSources.some((own) => own.test(target))) return undefined;
  const port = ports[targetFolder];
  if (port === undefined || target === port || compositionFolders.includes(folder)) return undefined;
  return `only ${compositionFolders.join('/ and ')}/ choose concrete ${targetFolder}`;
}

function wrongPackage(folder: string, target: string): string | undefined {
  const allowed = allowedPackages[folder];
  if (allowed) return allowed.includes(target) ? undefined : `not for ${folder}/`;
  const isTemporal = target.startsWith('@temporalio/');
  return isTemporal && engineFolders.includes(folder) ? 'the engine knows no Temporal' : undefined;
}

/** Whether a file is a store or a source, rather than the port of all of them. */
function isConcrete(target: string): boolean {
  const port = isOurs(target) ? ports[folderOf(target)] : undefined;
  return port !== undefined && target !== port;
}

/** Files of ours are paths; packages have no file ending, save for a few that no rule is about. */
function isOurs(target: string): boolean {
  return /\.(?:ts|mts|mjs)$/.test(target) && !target.startsWith('@');
}

function folderOf(path: string): string {
  return path.split('/')[0] ?? '';
}

function pathsOf(files: readonly SourceFile[]): readonly string[] {
  return files.map(({ path }) => path);
}

function assertNone(problems: readonly string[]): void {
  assert.deepEqual(problems, []);
}
