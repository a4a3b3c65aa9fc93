import { randomBytes } from 'node:crypto';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Secret } from '../secrets/secret.ts';

const projectFolder = fileURLToPath(new URL('..', import.meta.url));

/** Folders of the project itself that the demo backs up beside its own files: real sources and pages. */
export const projectFolders = ['contracts', 'docs', 'repository', 'workflows'].map((name) =>
  path.join(projectFolder, name),
);

/** Where the demo keeps its things, inside the checkout, so that a second run finds them. */
export interface Place {
  readonly root: string;
  readonly temporalFile: string;
  readonly postgresFolder: string;
  readonly repository: string;
  readonly keyFile: string;
  readonly databaseUrlFile: string;
  readonly configurationFile: string;
  readonly stateFolder: string;
  readonly logFile: string;
  readonly treeFolder: string;
  readonly restoredFolder: string;
}

export function demoPlace(root = path.join(projectFolder, '.resguardo', 'demo')): Place {
  return {
    root,
    temporalFile: path.join(root, 'temporal.db'),
    postgresFolder: path.join(root, 'postgres'),
    repository: path.join(root, 'repository'),
    keyFile: path.join(root, 'repository.key'),
    databaseUrlFile: path.join(root, 'database.url'),
    configurationFile: path.join(root, 'resguardo.yaml'),
    stateFolder: path.join(root, 'state'),
    logFile: path.join(root, 'worker.log'),
    treeFolder: path.join(root, 'files'),
    restoredFolder: path.join(root, 'restored'),
  };
}

/** Makes the folder and the key of the repository; removes what an interrupted demo restored. */
export async function preparePlace(place: Place): Promise<void> {
  await mkdir(place.root, { recursive: true, mode: 0o755 });
  await rm(place.restoredFolder, { recursive: true, force: true });
  const hasKey = await access(place.keyFile).then(
    () => true,
    () => false,
  );
  if (!hasKey) await writeFile(place.keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
}

/** Whether a repository was made by an earlier run. */
export async function hasRepository(place: Place): Promise<boolean> {
  return access(path.join(place.repository, 'config')).then(
    () => true,
    () => false,
  );
}

/** Writes the configuration that a person would write; the database's password stays in a file of mode 600. */
export async function writeConfiguration(place: Place, databaseUrl: Secret, database: string): Promise<void> {
  await writeFile(place.databaseUrlFile, `${databaseUrl.reveal()}\n`, { mode: 0o600 });
  const paths = ['files', ...projectFolders].map((folder) => JSON.stringify(folder));
  const lines = [
    '# Written by `npm run demo`.',
    'stateDir: state',
    'temporal:',
    '  # The demo is patient with nobody: a killed worker is noticed after ten seconds.',
    '  heartbeatTimeout: 10s',
    'repositories:',
    '  main:',
    '    url: repository',
    '    password: file:repository.key',
    'sources:',
    '  shop:',
    '    kind: postgres',
    '    connection: file:database.url',
    `    databases: [${database}]`,
    '  files:',
    '    kind: files',
    `    paths: [${paths.join(', ')}]`,
  ];
  await writeFile(place.configurationFile, `${lines.join('\n')}\n`);
}
