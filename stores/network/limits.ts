import { Gate } from './gate.ts';
import { Rate } from './rate.ts';

/** What a store may take of the network. */
export interface TransferLimits {
  /** Undefined is no limit. */
  readonly uploadBytesPerSecond?: number | undefined;
  readonly downloadBytesPerSecond?: number | undefined;
  /** Requests at once. */
  readonly connections?: number | undefined;
}

/**
 * More than restic's five, because with 100 ms of latency a pack of 16 MiB spends most of its time waiting;
 * what is in flight is bounded by the buffers of the writer, not by this.
 */
export const defaultConnections = 16;

/** The limits that all connections of a store share. They may be changed while requests are under way. */
export class Bandwidth {
  readonly upload: Rate;
  readonly download: Rate;
  readonly requests: Gate;

  constructor(limits: TransferLimits = {}) {
    this.upload = new Rate(limits.uploadBytesPerSecond);
    this.download = new Rate(limits.downloadBytesPerSecond);
    this.requests = new Gate(limits.connections ?? defaultConnections);
  }

  set({ uploadBytesPerSecond, downloadBytesPerSecond, connections }: TransferLimits): void {
    this.upload.set(uploadBytesPerSecond);
    this.download.set(downloadBytesPerSecond);
    this.requests.set(connections ?? defaultConnections);
  }
}
