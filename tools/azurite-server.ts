import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { startServerProcess, waitUntilReady } from './server-process.ts';

export interface AzuriteServer {
  /** `http://127.0.0.1:PORT/devstoreaccount1`, or with https. */
  readonly endpoint: string;
  readonly account: string;
  readonly key: string;
}

export interface AzuriteOptions {
  /** Path of its script. */
  readonly script: string;
  /** PEM files; with them it speaks HTTPS. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** Takes bearer tokens too: it looks at issuer, audience and times, not at signature and roles. Needs HTTPS. */
  readonly takesTokens?: boolean;
  readonly signal?: AbortSignal;
}

/** The account that every emulator of Azure Storage has, whose key is public. */
const account = 'devstoreaccount1';
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/**
 * Starts Azurite's Blob service on the loopback interface.
 * @throws {Failure} ToolFailed
 */
export async function startAzurite(
  options: AzuriteOptions,
): Promise<AzuriteServer & { stop(): Promise<void> }> {
  const { script, tls, takesTokens = false, signal = new AbortController().signal } = options;
  const folder = await mkdtemp(join(tmpdir(), 'resguardo-azurite-'));
  const port = await freePort();
  const server = startServerProcess({
    name: 'Azurite',
    command: process.execPath,
    args: [
      script,
      ...['--blobHost', '127.0.0.1', '--blobPort', String(port), '--location', folder],
      ...['--silent', '--disableTelemetry', '--skipApiVersionCheck'],
      ...(tls === undefined ? [] : ['--cert', tls.certificate, '--key', tls.key]),
      ...(takesTokens ? ['--oauth', 'basic'] : []),
    ],
  });
  const endpoint = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/${account}`;
  try {
    // Whoever speaks TLS answers plain HTTP by hanging up, once it listens.
    const answers = () => isListening(`http://127.0.0.1:${port}/`);
    await waitUntilReady({ name: 'Azurite', process: server, answers, timeoutMs: 60_000, signal });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  const stop = async (): Promise<void> => {
    await server.stop('SIGTERM', 3_000);
    await rm(folder, { recursive: true, force: true });
  };
  return { endpoint, account, key, stop };
}

async function isListening(url: string): Promise<boolean> {
  return await fetch(url).then(
    () => true,
    (error: unknown) => !(error instanceof Error && /ECONNREFUSED/.test(String(error.cause))),
  );
}
