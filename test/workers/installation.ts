import { randomBytes } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Configuration, parseConfiguration } from '../../configuration/load.ts';
import { Repository } from '../../repository/repository.ts';
import type { Snapshot } from '../../repository/snapshot.ts';
import { Secret } from '../../secrets/secret.ts';
import { openStore } from '../../stores/open.ts';

/** What a test puts on a machine: a folder with files, a repository, a key, a configuration. */
export interface Installation {
  readonly folder: string;
  readonly configurationFile: string;
  readonly configuration: Configuration;
  /** Folder of the source `docs`. */
  readonly docs: string;
  readonly repositoryPath: string;
  readonly password: string;
  /** Counts what is in the repository. */
  inventory(): Promise<Inventory>;
  snapshots(): Promise<readonly Snapshot[]>;
  remove(): Promise<void>;
}

export interface Inventory {
  readonly snapshots: number;
  readonly packs: number;
  readonly packBytes: number;
  readonly locks: number;
}

export interface InstallationOptions {
  /** Address of the Temporal server. */
  readonly address: string;
  /** Folder of the repository instead of one of our own. */
  readonly repositoryPath?: string;
  /** Further sections of the configuration, in YAML. */
  readonly more?: string;
  /** Further settings of the section `temporal`, as flow YAML. */
  readonly temporal?: string;
  /** Further repositories, in YAML, indented by two. */
  readonly moreRepositories?: string;
  /** Further sources, in YAML, indented by two. */
  readonly moreSources?: string;
}

/** Makes an installation in a folder of its own. The heartbeat timeout is short, so that tests are. */
export async function install(options: InstallationOptions): Promise<Installation> {
  const folder = await mkdtemp(path.join(tmpdir(), 'resguardo-'));
  const docs = path.join(folder, 'docs');
  const repositoryPath = options.repositoryPath ?? path.join(folder, 'repository');
  const password = `canary-${randomBytes(12).toString('hex')}`;
  await mkdir(docs);
  await writeFile(path.join(folder, 'key'), `${password}\n`, { mode: 0o600 });
  const configurationFile = path.join(folder, 'resguardo.yaml');
  const text = configurationText(options, repositoryPath);
  await writeFile(configurationFile, text);
  const repository = await Repository.init(await openStore(repositoryPath), new Secret(password));
  await repository.close();
  return {
    folder,
    configurationFile,
    configuration: parseConfiguration(configurationFile, text, process.env),
    docs,
    repositoryPath,
    password,
    inventory: () => takeInventory(repositoryPath),
    snapshots: () => readSnapshots(repositoryPath, password),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function configurationText(options: InstallationOptions, repositoryPath: string): string {
  const { address, more = '', moreSources = '', moreRepositories = '' } = options;
  const temporal = options.temporal === undefined ? '' : `, ${options.temporal}`;
  return `host: test-host
stateDir: state
log: { format: json }
temporal: { address: "${address}", heartbeatTimeout: 3s${temporal} }
repositories:
  main: { url: "${repositoryPath}", password: "file:key", prune: { deleteDelay: 0s } }
${moreRepositories}
sources:
  docs: { kind: files, paths: [docs], tags: [team-a] }
${moreSources}
${more}
`;
}

async function takeInventory(repositoryPath: string): Promise<Inventory> {
  const filesIn = async (name: string): Promise<readonly string[]> => {
    const entries = await readdir(path.join(repositoryPath, name), { recursive: true, withFileTypes: true });
    // What a killed process was still writing has another name, and is swept later.
    const isWhole = (entry: Dirent): boolean => entry.isFile() && /^[0-9a-f]{64}$/.test(entry.name);
    return entries.filter(isWhole).map((entry) => path.join(entry.parentPath, entry.name));
  };
  const packs = await filesIn('data');
  const sizes = await Promise.all(packs.map(async (pack) => (await readFile(pack)).length));
  return {
    snapshots: (await filesIn('snapshots')).length,
    packs: packs.length,
    packBytes: sizes.reduce((sum, size) => sum + size, 0),
    locks: (await filesIn('locks')).length,
  };
}

async function readSnapshots(repositoryPath: string, password: string): Promise<readonly Snapshot[]> {
  const repository = await Repository.open(await openStore(repositoryPath), new Secret(password));
  try {
    return await Array.fromAsync(repository.snapshots());
  } finally {
    await repository.close();
  }
}

/** Fills a folder with files of random content, so that nothing compresses or repeats. */
export async function fillWithRandomFiles(
  folder: string,
  { files, bytesEach }: { readonly files: number; readonly bytesEach: number },
): Promise<void> {
  for (let number = 0; number < files; number += 1) {
    const inner = path.join(folder, `part-${number % 7}`);
    await mkdir(inner, { recursive: true });
    await writeFile(path.join(inner, `file-${number}.bin`), randomBytes(bytesEach));
  }
}
