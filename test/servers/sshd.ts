import { after } from 'node:test';
import { ensureOpenSsh } from '../../tools/openssh.ts';
import { type SshServer, startSshd } from '../../tools/sshd-server.ts';
import { environmentNames, printNotice } from './environment.ts';

export type { SshServer };

/** Started by this process, because test/run.ts did not hand one over. */
let own: Promise<SshServer & { stop(): Promise<void> }> | undefined;

after(async () => (await own?.catch(() => undefined))?.stop());

/**
 * An sshd, shared with other test files: make folders of your own below its `folder`.
 * @throws {Failure} ToolMissing
 */
export async function sshServer(): Promise<SshServer> {
  const given = process.env[environmentNames.sshd];
  if (given !== undefined) return JSON.parse(given);
  own ??= ensureOpenSsh({ onNotice: printNotice }).then((openSsh) => startSshd({ openSsh }));
  return own;
}
