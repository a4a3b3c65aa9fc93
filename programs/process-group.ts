import type { ChildProcess } from 'node:child_process';

/** How a program ended: one of the three is set. */
export interface ProgramEnd {
  readonly exitStatus?: number;
  readonly signal?: NodeJS.Signals;
  /** The system could not start it. */
  readonly error?: Error;
}

/** A program started as the leader of a process group of its own, with all that it starts in turn. */
export class ProcessGroup {
  /** Resolves when the leader is gone and nobody holds its output any more. Never rejects. */
  readonly ended: Promise<ProgramEnd>;
  readonly #pid: number | undefined;
  readonly #graceMs: number;
  #patience: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(leader: ChildProcess, graceMs: number) {
    this.#pid = leader.pid;
    this.#graceMs = graceMs;
    leader.once('exit', (exitStatus) => {
      // What a failed or stopped leader leaves behind has no task any more, and may hold the output open.
      if (this.#stopping || exitStatus !== 0) this.#signal('SIGKILL');
    });
    this.ended = this.#watch(leader);
  }

  /** Asks the whole group to end (SIGTERM), and kills what is left after the time of grace. Safe to repeat. */
  stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#signal('SIGTERM');
    this.#patience = setTimeout(() => this.#signal('SIGKILL'), this.#graceMs);
  }

  async #watch(leader: ChildProcess): Promise<ProgramEnd> {
    const end = await new Promise<ProgramEnd>((resolve) => {
      leader.once('error', (error) => resolve({ error }));
      leader.once('close', (exitStatus, signal) => {
        resolve(signal === null ? { exitStatus: exitStatus ?? 0 } : { signal });
      });
    });
    this.#stopping = true;
    clearTimeout(this.#patience);
    this.#signal('SIGKILL');
    return end;
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#pid === undefined) return;
    try {
      process.kill(-this.#pid, signal);
    } catch {
      // Nobody is left in the group.
    }
  }
}
