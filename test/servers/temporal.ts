import { after } from 'node:test';
import { ensureTemporal } from '../../tools/temporal.ts';
import { startTemporalServer } from '../../tools/temporal-server.ts';
import { environmentNames, printNotice } from './environment.ts';

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

/** The `temporal` program, for tests that start, kill and restart a server of their own. */
export async function temporalExecutable(): Promise<string> {
  return process.env[environmentNames.temporalExecutable] ?? ensureTemporal({ onNotice: printNotice });
}
