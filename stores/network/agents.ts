import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { rootCertificates } from 'node:tls';
import { Failure } from '../../contracts/failures.ts';
import type { Bandwidth } from './limits.ts';
import { defaultSocketTimes, type SocketTimes, WatchedSocket } from './watched-socket.ts';

export interface NetworkOptions {
  readonly bandwidth: Bandwidth;
  /** PEM file with authorities to trust beside the usual ones. */
  readonly caFile?: string | undefined;
  readonly times?: SocketTimes | undefined;
}

export interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
  /** Closes idle connections. */
  destroy(): void;
}

/**
 * Agents whose connections are watched and limited, for any client that takes Node's agents.
 * @throws {Failure} InvalidConfiguration if the file of authorities cannot be read
 */
export async function watchedAgents(options: NetworkOptions): Promise<Agents> {
  const ca = options.caFile === undefined ? {} : { ca: await authorities(options.caFile) };
  const agents = {
    http: new WatchedHttpAgent(options),
    https: new WatchedHttpsAgent(options, ca),
  };
  return {
    ...agents,
    destroy: () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

/** The number of requests is bounded by the gate of the store; connections are kept for the next ones. */
const kept = { keepAlive: true, maxFreeSockets: 64 } as const;

class WatchedHttpAgent extends http.Agent {
  readonly #options: NetworkOptions;

  constructor(options: NetworkOptions) {
    super(kept);
    this.#options = options;
  }

  override createConnection(...given: Parameters<http.Agent['createConnection']>): Duplex {
    return watched(super.createConnection(given[0]), this.#options);
  }
}

class WatchedHttpsAgent extends https.Agent {
  readonly #options: NetworkOptions;

  constructor(options: NetworkOptions, trust: { readonly ca?: string[] }) {
    super({ ...kept, ...trust });
    this.#options = options;
  }

  override createConnection(...given: Parameters<https.Agent['createConnection']>): Duplex {
    return watched(super.createConnection(given[0]), this.#options);
  }
}

function watched(socket: Duplex | null | undefined, { bandwidth, times }: NetworkOptions): Duplex {
  if (!(socket instanceof Socket)) throw new Failure('Internal', 'The agent has made no socket');
  return new WatchedSocket(socket, bandwidth, times ?? defaultSocketTimes);
}

async function authorities(file: string): Promise<string[]> {
  try {
    return [...rootCertificates, await readFile(file, 'utf8')];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(
      'InvalidConfiguration',
      `The file of certificate authorities cannot be read: ${reason}`,
      {
        cause: error,
        advice: 'Correct caFile of the repository.',
      },
    );
  }
}
