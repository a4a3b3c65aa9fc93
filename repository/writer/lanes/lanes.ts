import { availableParallelism } from 'node:os';
import type { Chunker } from '../../chunker/chunker.ts';
import { Lane, type LaneContent, type LaneEvents, type LaneJob } from './lane.ts';
import { openLocalLane, openThreadLane } from './lane-port.ts';
import type { LaneSetup } from './messages.ts';

/** Bytes for which starting threads would cost more than it gains. */
const localBytes = 8 * 1024 * 1024;

/** One for each processor, within reason. */
export const laneThreads = Math.min(8, Math.max(2, availableParallelism()));

/**
 * The lanes of a writer: one in this thread for the first megabytes, then one in a thread for each processor.
 * The jobs of each are few, so that memory is bounded: further callers wait for their turn.
 */
export class Lanes {
  readonly #setup: LaneSetup;
  readonly #events: LaneEvents;
  readonly #openLocal: () => Lane;
  /** Made at the first need: a backup of what has not changed has none. */
  #local: Lane | undefined;
  #threads: readonly Lane[] = [];
  readonly #waiting: ((lane: Lane) => void)[] = [];
  #bytes = 0;
  #isLocalRetired = false;

  constructor(setup: LaneSetup, chunker: Chunker, events: LaneEvents) {
    this.#setup = setup;
    this.#events = events;
    const onFree = () => this.#serve();
    this.#openLocal = () =>
      new Lane((listener) => openLocalLane(setup, chunker, listener), events, { onFree, isReady: true });
  }

  /** Begins a job as soon as a lane has a place for it, in the order of the calls. */
  async begin(content: LaneContent, sizeBytes: number): Promise<LaneJob> {
    this.count(sizeBytes);
    return (await this.reserve()).begin(content);
  }

  /** Counts bytes that are worth starting threads for. */
  count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > localBytes && this.#threads.length === 0) this.#startThreads();
  }

  /** Waits for a lane that can take a job. It must be given one. */
  reserve(): Promise<Lane> {
    const lane = this.#waiting.length > 0 ? undefined : this.#freest();
    if (!lane) return new Promise((resolve) => this.#waiting.push(resolve));
    lane.reserve();
    return Promise.resolve(lane);
  }

  /** Closes the open packs. */
  async flush(): Promise<void> {
    await Promise.all(this.#all().map((lane) => lane.flush()));
  }

  /** Ends all lanes where they stand; jobs under way reject. */
  async close(reason: unknown): Promise<void> {
    await Promise.all(this.#all().map((lane) => lane.close(reason)));
  }

  #all(): readonly Lane[] {
    return this.#local ? [this.#local, ...this.#threads] : this.#threads;
  }

  #serve(): void {
    for (let lane = this.#freest(); lane && this.#waiting.length > 0; lane = this.#freest()) {
      lane.reserve();
      this.#waiting.shift()?.(lane);
    }
  }

  /** The local lane works until the threads have started. */
  #freest(): Lane | undefined {
    const ready = this.#threads.filter((lane) => lane.isReady);
    if (ready.length > 0) return freestOf(ready);
    this.#local ??= this.#openLocal();
    return freestOf([this.#local]);
  }

  /** Once threads work, the pack of this thread would lie in memory until the end. */
  #retireLocal(): void {
    if (this.#isLocalRetired) return;
    this.#isLocalRetired = true;
    // A failure of the lane comes to the writer by its own way.
    this.#local?.flush().catch(() => {});
  }

  #startThreads(): void {
    this.#threads = Array.from(
      { length: laneThreads },
      () =>
        new Lane((listener) => openThreadLane(this.#setup, listener), this.#events, {
          onFree: () => {
            this.#retireLocal();
            this.#serve();
          },
          isReady: false,
        }),
    );
  }
}

/** Undefined when none can take a job. */
function freestOf(lanes: readonly Lane[]): Lane | undefined {
  let freest: Lane | undefined;
  for (const lane of lanes) {
    if (lane.freeJobs > (freest?.freeJobs ?? 0)) freest = lane;
  }
  return freest;
}
