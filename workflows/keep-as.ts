import { defineSignal, setHandler } from '@temporalio/workflow';
import {
  type BackupSourceInput,
  type KeepAs,
  keepAsSchema,
  type RetentionName,
  retentionNames,
} from '../contracts/inputs.ts';
import { signalNames } from '../contracts/messages.ts';

/** What other schedules want of a backup that was under way when they came. */
export interface KeptAs {
  /** The strongest retention that was asked for, and all schedules that the snapshot serves. */
  with(input: BackupSourceInput): {
    readonly retention?: RetentionName;
    readonly schedules: readonly string[];
  };
}

/**
 * Listens to the signal `keepAs`. A daily backup that comes while an incremental one is under way is merged
 * into it, and the snapshot kept as a daily one.
 */
export function keepingAs(): KeptAs {
  const wishes: KeepAs[] = [];
  setHandler(
    defineSignal<[unknown]>(signalNames.keepAs),
    (wish) => {
      const parsed = keepAsSchema.safeParse(wish);
      // Anyone can send a signal: a wrong one must not end a backup.
      if (parsed.success) wishes.push(parsed.data);
    },
    { description: 'Keeps the snapshot as long as another schedule wants it' },
  );
  return {
    with: ({ retention, schedule }) => {
      const asked = [retention, ...wishes.map((wish) => wish.retention)];
      const strongest = retentionNames.findLast((name) => asked.includes(name));
      const schedules = [schedule, ...wishes.map((wish) => wish.schedule)];
      return {
        ...(strongest === undefined ? {} : { retention: strongest }),
        schedules: [...new Set(schedules.filter((id) => id !== undefined))],
      };
    },
  };
}
