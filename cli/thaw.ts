import { setTimeout as delay } from 'node:timers/promises';
import { Option } from 'commander';
import { Failure } from '../contracts/failures.ts';
import { defaultThawDays, type ThawSpeed, thawSpeeds } from '../contracts/thaw.ts';
import { describeThaw } from '../policy/cost/thaw-status.ts';
import type { Repository } from '../repository/repository.ts';
import { findNeededPacks, type WantedTree } from '../repository/thaw/needed-packs.ts';
import { thawPacks, unreadable } from '../repository/thaw/thaw-packs.ts';
import { renderThaw } from './output/restore.ts';

export interface ThawOptions {
  readonly thaw?: ThawSpeed;
  readonly thawDays?: number;
}

export function thawOption(): Option {
  return new Option(
    '--thaw <speed>',
    'have data that lies in an archive class thawed, and wait for it, for hours or days',
  ).choices([...thawSpeeds]);
}

/** Looks first after a minute, then ever more seldom: the fastest way takes minutes, the slowest two days. */
const pauses = { firstMs: 60_000, longestMs: 30 * 60_000 };

export interface Thawing {
  readonly options: ThawOptions;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
  /** For tests: shorter ones. */
  readonly pauseMs?: typeof pauses;
}

/**
 * Has thawed what a restore reads, and waits for it. Whoever stops it and starts it again goes on where it was: what
 * was asked for thaws on.
 * Without `--thaw` nothing is looked at.
 * @throws {Failure} of the store; InvalidInput
 */
export async function thawBeforeRestore(
  repository: Repository,
  wanted: WantedTree,
  { options, signal, note, pauseMs = pauses }: Thawing,
): Promise<void> {
  if (options.thaw === undefined) {
    if (options.thawDays === undefined) return;
    throw new Failure('InvalidInput', '--thaw-days belongs to --thaw', { advice: 'Add --thaw bulk.' });
  }
  const wish = { speed: options.thaw, days: options.thawDays ?? defaultThawDays };
  for (let waitMs = pauseMs.firstMs; ; waitMs = Math.min(waitMs * 2, pauseMs.longestMs)) {
    const needed = await findNeededPacks(repository, wanted, { signal });
    const found = unreadable(needed.packs);
    const status = describeThaw(repository.store.location, needed, found);
    if (status.frozen.packs > 0) note(renderThaw(status).join('\n'));
    const left = await thawPacks(repository.store, found, { wish, signal });
    if (left.thawing.length === 0) return;
    note(`Waiting for ${left.thawing.length} of ${needed.packs.length} packs to thaw`);
    await delay(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
