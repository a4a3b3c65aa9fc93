import { after } from 'node:test';
import { ensureFakeGcs } from '../../tools/fake-gcs.ts';
import { type FakeGcsServer, startFakeGcs } from '../../tools/fake-gcs-server.ts';
import { environmentNames, printNotice } from './environment.ts';

export type { FakeGcsServer };

/** Started by this process, because test/run.ts did not hand one over. */
let own: Promise<FakeGcsServer & { stop(): Promise<void> }> | undefined;

after(async () => (await own?.catch(() => undefined))?.stop());

/**
 * A fake-gcs-server, shared with other test files: make buckets of your own.
 * @throws {Failure} ToolMissing
 */
export async function fakeGcsServer(): Promise<FakeGcsServer> {
  const given = process.env[environmentNames.fakeGcs];
  if (given !== undefined) return JSON.parse(given);
  own ??= ensureFakeGcs({ onNotice: printNotice }).then((executable) => startFakeGcs({ executable }));
  return own;
}
