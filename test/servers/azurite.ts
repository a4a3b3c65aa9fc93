import { after } from 'node:test';
import { ensureAzurite } from '../../tools/azurite.ts';
import { type AzuriteServer, startAzurite } from '../../tools/azurite-server.ts';
import { environmentNames, printNotice } from './environment.ts';

export type { AzuriteServer };

/** Started by this process, because test/run.ts did not hand one over. */
let own: Promise<AzuriteServer & { stop(): Promise<void> }> | undefined;

after(async () => (await own?.catch(() => undefined))?.stop());

/**
 * An Azurite, shared with other test files: make containers of your own.
 * @throws {Failure} ToolMissing
 */
export async function azuriteServer(): Promise<AzuriteServer> {
  const given = process.env[environmentNames.azurite];
  if (given !== undefined) return JSON.parse(given);
  own ??= ensureAzurite({ onNotice: printNotice }).then((script) => startAzurite({ script }));
  return own;
}
