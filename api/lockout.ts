export interface LockoutOptions {
  /** Wrong keys within the window after which a client is locked out. */
  readonly tries: number;
  readonly windowMs: number;
  /** How long; further tries make it no longer. */
  readonly lockMs: number;
  /** In milliseconds. */
  readonly now?: () => number;
}

interface Client {
  wrong: number;
  since: number;
  lockedUntil: number;
}

/** So many clients are remembered; beyond them the oldest are forgotten, for memory has an end. */
const remembered = 20_000;

/** Who sent wrong keys, and is not heard for a while because of it, with a right one either. */
export class Lockout {
  readonly #options: Required<LockoutOptions>;
  readonly #clients = new Map<string, Client>();

  constructor(options: LockoutOptions) {
    this.#options = { now: Date.now, ...options };
  }

  /** Milliseconds for which the client is still locked out; 0 if it is not. */
  remainingMs(client: string): number {
    return Math.max(0, (this.#clients.get(client)?.lockedUntil ?? 0) - this.#options.now());
  }

  /** Counts a wrong key; true if the client is locked out by it. */
  wrongKey(client: string): boolean {
    const { tries, windowMs, lockMs, now } = this.#options;
    const at = now();
    const before = this.#clients.get(client);
    const state = before && at - before.since < windowMs ? before : { wrong: 0, since: at, lockedUntil: 0 };
    state.wrong += 1;
    const isLocked = state.wrong >= tries;
    if (isLocked) Object.assign(state, { wrong: 0, since: at, lockedUntil: at + lockMs });
    this.#clients.delete(client);
    this.#clients.set(client, state);
    const [oldest] = this.#clients.keys();
    if (this.#clients.size > remembered && oldest !== undefined) this.#clients.delete(oldest);
    return isLocked;
  }
}
