import { join } from 'node:path';
import { Failure } from '../contracts/failures.ts';
import { findProgram } from '../programs/find.ts';
import { ensureInstalled, type ToolOptions } from './cache.ts';
import { runStep } from './step.ts';

const version = '0.11.4';

/**
 * Path of a rustic: from the PATH, or built by cargo.
 * @throws {Failure} ToolMissing
 */
export async function ensureRustic(options: ToolOptions = {}): Promise<string> {
  const searchPath = process.env.PATH ?? '';
  const onPath = findProgram('rustic', searchPath);
  if (onPath) return onPath;
  const recipe = {
    name: 'rustic',
    version,
    notice: `Building rustic ${version} with cargo (some 7 minutes)`,
    install: async (directory: string, signal: AbortSignal) => {
      const cargo = findProgram('cargo', searchPath);
      if (!cargo) {
        throw new Failure('ToolMissing', `rustic ${version} is missing, and there is no cargo to build it`, {
          advice: 'Put rustic on the PATH, or install Rust.',
        });
      }
      const args = ['install', 'rustic-rs', '--version', version, '--locked', '--root', directory];
      const { HOME = '', PATH = '' } = process.env;
      await runStep({ command: cargo, args, env: { HOME, PATH }, signal });
    },
  };
  return join(await ensureInstalled(recipe, options), 'bin', 'rustic');
}
