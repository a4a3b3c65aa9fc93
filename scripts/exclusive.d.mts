export interface ExclusiveOptions<T> {
  readonly work: () => Promise<T>;
  /** Called once, if another process has the lock. */
  readonly onWait?: () => void;
}

/** Runs `work` while no other process of this machine runs work under the same name. */
export function exclusively<T>(name: string, options: ExclusiveOptions<T>): Promise<T>;
