import { freePort } from './free-port.ts';
import { startServerProcess, waitUntilReady } from './server-process.ts';

export interface FakeGcsServer {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
}

/**
 * Starts fake-gcs-server on the loopback interface; it keeps its objects in memory.
 * @throws {Failure} ToolFailed
 */
export async function startFakeGcs(options: {
  readonly executable: string;
  readonly signal?: AbortSignal;
}): Promise<FakeGcsServer & { stop(): Promise<void> }> {
  const { executable, signal = new AbortController().signal } = options;
  const port = String(await freePort());
  const endpoint = `http://127.0.0.1:${port}`;
  const server = startServerProcess({
    name: 'fake-gcs-server',
    command: executable,
    args: [
      ...[
        '-scheme',
        'http',
        '-host',
        '127.0.0.1',
        '-port',
        port,
        '-backend',
        'memory',
        '-log-level',
        'error',
      ],
      ...['-public-host', `127.0.0.1:${port}`, '-external-url', endpoint],
    ],
  });
  const answers = async (): Promise<boolean> =>
    await fetch(`${endpoint}/storage/v1/b?project=test`).then(
      (response) => response.ok,
      () => false,
    );
  await waitUntilReady({ name: 'fake-gcs-server', process: server, answers, timeoutMs: 30_000, signal });
  return { endpoint, stop: () => server.stop('SIGTERM', 3_000) };
}
