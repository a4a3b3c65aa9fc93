import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../contracts/failures.ts';
import { ensureInstalled, type ToolOptions, type ToolRecipe } from './cache.ts';
import { runStep } from './step.ts';

const version = '3.37.0';

/** Packages for telemetry and for databases that we do not use; without them it is a sixth of its size. */
const leftOut = ['applicationinsights', 'tedious', 'mysql2'];

const recipe: ToolRecipe = {
  name: 'azurite',
  version,
  notice: `Installing Azurite ${version} with npm`,
  install: async (directory, signal) => {
    await mkdir(join(directory, 'empty'));
    await writeFile(
      join(directory, 'empty', 'package.json'),
      JSON.stringify({ name: 'empty', version: '0.0.0' }),
    );
    await writeFile(join(directory, 'empty', 'index.js'), 'module.exports = {};\n');
    const overrides = Object.fromEntries(leftOut.map((name) => [name, 'file:./empty']));
    const manifest = { private: true, dependencies: { azurite: version }, overrides };
    await writeFile(join(directory, 'package.json'), JSON.stringify(manifest));
    const flags = [
      '--ignore-scripts',
      '--omit=dev',
      '--omit=optional',
      '--no-audit',
      '--no-fund',
      '--silent',
    ];
    try {
      await runStep({ command: 'npm', args: ['install', ...flags, '--prefix', directory], signal });
    } catch (error) {
      signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      throw new Failure(
        'ToolMissing',
        `Azurite ${version} is missing and could not be installed: ${reason}`,
        {
          advice: 'Make the npm registry reachable and start again.',
          cause: error,
        },
      );
    }
  },
};

/**
 * Path of the script that runs Azurite's Blob service, Microsoft's emulator of Azure Storage.
 * @throws {Failure} ToolMissing
 */
export async function ensureAzurite(options: ToolOptions = {}): Promise<string> {
  const folder = await ensureInstalled(recipe, options);
  return join(folder, 'node_modules', 'azurite', 'dist', 'src', 'blob', 'main.js');
}
