import { once } from 'node:events';
import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { hookPoints } from '../../contracts/hooks.ts';
import { type BenchOptions, workBench } from './bench.ts';
import { fillWithRandomFiles } from './installation.ts';

export const someFiles = { files: 3, bytesEach: 10_000 };

/** Appends a line to the file "log" in the folder of the installation. */
export const noted = 'echo "$RESGUARDO_HOOK $RESGUARDO_STATUS" >> "$LOG"';

/** Code for a shell at each point; `$LOG` is a file beside the configuration. */
export interface Hooks {
  readonly before?: string;
  readonly beforeReplace?: string;
  readonly afterRead?: string;
  readonly after?: string;
  readonly onFailure?: string;
  readonly always?: string;
  readonly timeout?: string;
  readonly continues?: boolean;
  readonly restore?: Hooks;
  /** As flow YAML. */
  readonly env?: string;
}

export function hookText(code: string, { timeout = '60s', continues = false, env }: Hooks = {}): string {
  const more = env === undefined ? '' : `, ${env}`;
  const onError = continues ? 'continue' : 'fail';
  return `{ command: [sh, -c, ${JSON.stringify(code)}], timeout: ${timeout}, onError: ${onError}, env: { LOG: env:LOG${more} } }`;
}

/** The source "wiki", of the folder docs. */
export function sourceWith(hooks: Hooks): string {
  return `  wiki:\n    kind: files\n    paths: [docs]\n    hooks: ${hookLists(hooks)}`;
}

/** As flow YAML. */
export function hookLists(hooks: Hooks): string {
  const lists = hookPoints.flatMap((point) => {
    const code = hooks[point];
    return code === undefined ? [] : [`${point}: [${hookText(code, hooks)}]`];
  });
  const restore = hooks.restore === undefined ? [] : [`restore: ${hookLists(hooks.restore)}`];
  return `{ ${[...lists, ...restore].join(', ')} }`;
}

/** An installation with the source "wiki", its hooks and some files. */
export async function hookBench(
  t: TestContext,
  address: string,
  hooks: Hooks,
  env: NodeJS.ProcessEnv = {},
  installation: BenchOptions['installation'] = {},
) {
  // Where the log lies is known when the folder is made; the secret is looked up when the hook is run.
  const variables: NodeJS.ProcessEnv = { ...process.env, ...env };
  const bench = await workBench(t, address, {
    installation: { ...installation, moreSources: sourceWith(hooks) },
    worker: { env: variables },
  });
  const { folder, docs } = bench.installation;
  variables.LOG = path.join(folder, 'log');
  await fillWithRandomFiles(docs, someFiles);
  return { ...bench, folder };
}

export async function logIn(folder: string): Promise<readonly string[]> {
  const text = await readFile(path.join(folder, 'log'), 'utf8').catch(() => '');
  return text.split('\n').slice(0, -1);
}

/** The variables that a hook has written beside the log, as `env` prints them. */
export async function environmentIn(folder: string): Promise<Readonly<Record<string, string>>> {
  const lines = (await readFile(path.join(folder, 'log.env'), 'utf8')).trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split('=')));
}

export async function logHas(folder: string, line: string): Promise<void> {
  const watcher = watch(folder);
  try {
    while (!(await logIn(folder)).includes(line)) await once(watcher, 'change');
  } finally {
    watcher.close();
  }
}
