import { join } from 'node:path';
import { findProgram } from '../programs/find.ts';
import { ensureInstalled, type ToolOptions, type ToolRecipe } from './cache.ts';
import { unpackDebianPackage } from './debian-package.ts';

const recipe: ToolRecipe = {
  name: 'prometheus',
  version: 'bookworm',
  notice: 'Downloading Prometheus from Debian bookworm',
  install: (directory, signal) =>
    unpackDebianPackage({ package: 'prometheus', suite: 'bookworm' }, directory, signal),
};

/**
 * Path of Prometheus' own checker of metrics and rules: from the PATH, or from Debian's archive.
 * @throws {Failure} ToolMissing
 */
export async function ensurePromtool(options: ToolOptions = {}): Promise<string> {
  const onPath = findProgram('promtool', process.env.PATH ?? '');
  return onPath ?? join(await ensureInstalled(recipe, options), 'usr', 'bin', 'promtool');
}
