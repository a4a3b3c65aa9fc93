import { copyFile, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { switchedConfiguration } from '../configuration/switch-repository.ts';
import { isFailure } from '../contracts/failures.ts';
import { loadContextConfiguration, repositoryName } from './configuration.ts';
import type { CommandContext } from './context.ts';
import type { Target } from './move-target.ts';
import { confirmByHand } from './prompt.ts';
import { isConfigured, type RepositorySelection } from './repository-access.ts';

export interface Switched {
  /** The configuration file that was changed. */
  readonly switched?: string;
  /** What is left to do, for people. */
  readonly next: readonly string[];
}

interface Wish extends RepositorySelection {
  readonly switch?: boolean;
  readonly target: Target;
}

/**
 * Has the configuration file lead to the new place of a repository: by itself when that was wished, or a person says
 * yes. What it was is kept beside it. Otherwise it says what has to be changed.
 */
export async function switchConfiguration(context: CommandContext, wish: Wish): Promise<Switched> {
  const { target } = wish;
  if (!(await isConfigured(context, wish))) return { next: [`Use it by --repo ${target.url} from now on.`] };
  const configuration = await loadContextConfiguration(context);
  const repository = repositoryName(configuration, wish.repository);
  const restart =
    'Start the workers of all hosts anew; until then their runs say that the repository was moved.';
  const byHand = (where: string): Switched => ({
    next: [`Change ${where}: ${changeOf(repository, target)}`, restart],
  });
  const { file } = configuration;
  if (file === undefined) return byHand('the environment variables that name the repository');
  const place =
    target.entry === undefined
      ? ({ kind: 'url', url: target.url } as const)
      : ({ kind: 'entry', name: target.entry } as const);
  const path = await realpath(file);
  const text = await readFile(path, 'utf8');
  const switched = switchedConfiguration({ file, text, repository, place, env: context.env });
  if (
    switched === undefined ||
    !(await isWanted(context, wish, `${file}: ${changeOf(repository, target)}`))
  ) {
    return byHand(file);
  }
  const kept = await replace(path, switched);
  return { switched: file, next: [`${file} leads there now; ${kept} is what it was.`, restart] };
}

function changeOf(repository: string, { url, entry }: Target): string {
  const leads = `repositories.${repository}.url becomes ${url}`;
  return entry === undefined ? leads : `${leads}, with the access of repositories.${entry}, which goes`;
}

async function isWanted(context: CommandContext, wish: Wish, change: string): Promise<boolean> {
  if (wish.switch === true) return true;
  if (!context.stdin.isTTY || context.output.json) return false;
  try {
    await confirmByHand(context, `Change ${change}?`, 'no');
    return true;
  } catch (error) {
    if (isFailure(error, 'Cancelled') && !context.signal.aborted) return false;
    throw error;
  }
}

/** Replaces the file at once, with its mode, and keeps the old one. */
async function replace(path: string, text: string): Promise<string> {
  const kept = `${path}.before-move`;
  const temporary = `${path}.tmp`;
  const { mode } = await stat(path);
  await copyFile(path, kept);
  try {
    await writeFile(temporary, text, { mode: mode & 0o777 });
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  return kept;
}
