import { after } from 'node:test';
import { startTemporalServer } from '../../tools/temporal-server.ts';
import { environmentNames } from './environment.ts';
import { temporalExecutable } from './temporal-executable.ts';

export { temporalExecutable };

export interface SharedTemporal {
  /** "127.0.0.1:7233". */
  readonly address: string;
  readonly namespace: string;
}

/** Started by this process, because test/run.ts did not hand one over. */
let own: Promise<SharedTemporal & { stop(): Promise<void> }> | undefined;

after(async () => (await own?.catch(() => undefined))?.stop());

/**
 * A Temporal server with our search attributes, shared with other test files: use task queues and workflow
 * ids of your own.
 * @throws {Failure} ToolMissing
 */
export async function temporalServer(): Promise<SharedTemporal> {
  const address = process.env[environmentNames.temporalAddress];
  if (address !== undefined) return { address, namespace: 'default' };
  own ??= temporalExecutable().then((executable) => startTemporalServer({ executable, headless: true }));
  return own;
}
