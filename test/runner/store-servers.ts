import { ensureAzurite } from '../../tools/azurite.ts';
import { startAzurite } from '../../tools/azurite-server.ts';
import { ensureFakeGcs } from '../../tools/fake-gcs.ts';
import { startFakeGcs } from '../../tools/fake-gcs-server.ts';
import { ensureMinio } from '../../tools/minio.ts';
import { startMinio } from '../../tools/minio-server.ts';
import { ensureOpenSsh } from '../../tools/openssh.ts';
import { startSshd } from '../../tools/sshd-server.ts';
import { environmentNames } from '../servers/environment.ts';
import type { Start } from './shared-servers.ts';

/** How to start the servers that hold repositories. */
export function storeServers({ env, stops, options }: Start) {
  const { signal } = options;
  const share = (name: string, { stop, ...server }: { stop(): Promise<void> }): void => {
    stops.push(stop);
    env[name] = JSON.stringify(server);
  };
  return {
    minio: [
      async () =>
        share(environmentNames.minio, await startMinio({ executable: await ensureMinio(options), signal })),
    ],
    azurite: [
      async () =>
        share(environmentNames.azurite, await startAzurite({ script: await ensureAzurite(options), signal })),
    ],
    'fake-gcs': [
      async () =>
        share(
          environmentNames.fakeGcs,
          await startFakeGcs({ executable: await ensureFakeGcs(options), signal }),
        ),
    ],
    sshd: [
      async () =>
        share(environmentNames.sshd, await startSshd({ openSsh: await ensureOpenSsh(options), signal })),
    ],
  };
}
