import { setTimeout as delay } from 'node:timers/promises';
import { Option } from 'commander';
import { Failure } from '../contracts/failures.ts';
import { defaultThawDays, type ThawSpeed, thawSpeeds } from '../contracts/thaw.ts';
import type { PriceList } from '../policy/cost/prices.ts';
import { describeThaw } from '../policy/cost/thaw-status.ts';
import { differenceOf } from '../repository/move/copy-files.ts';
import type { Repository } from '../repository/repository.ts';
import { findNeededPacks, type NeededPacks, type WantedTree } from '../repository/thaw/needed-packs.ts';
import { thawPacks, unreadable } from '../repository/thaw/thaw-packs.ts';
import type { Store } from '../stores/store.ts';
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
  /** Default: our list. */
  readonly prices?: PriceList;
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
  thawing: Thawing,
): Promise<void> {
  const { options, signal } = thawing;
  if (!isThawWished(options)) return;
  const find = () => findNeededPacks(repository, wanted, { signal });
  await thawAndWait(repository.store, { speed: options.thaw, find }, thawing);
}

/**
 * The same for what a move copies.
 * @throws {Failure} as `thawBeforeRestore`
 */
export async function thawBeforeMove(
  { from, to }: { readonly from: Store; readonly to: Store },
  thawing: Thawing,
): Promise<void> {
  const { options, signal } = thawing;
  if (!isThawWished(options)) return;
  const find = async (): Promise<NeededPacks> => {
    const { missing } = await differenceOf(from, to, signal);
    const packs = missing.filter(({ type }) => type === 'data');
    return { packs, blobBytes: packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
  };
  await thawAndWait(from, { speed: options.thaw, find }, thawing);
}

/** @throws {Failure} InvalidInput for days without a speed */
function isThawWished(options: ThawOptions): options is ThawOptions & { readonly thaw: ThawSpeed } {
  if (options.thaw !== undefined) return true;
  if (options.thawDays === undefined) return false;
  throw new Failure('InvalidInput', '--thaw-days belongs to --thaw', { advice: 'Add --thaw bulk.' });
}

interface Wanted {
  readonly speed: ThawSpeed;
  /** Looks anew which packs are needed and how far they can be read. */
  readonly find: () => Promise<NeededPacks>;
}

async function thawAndWait(
  store: Store,
  { speed, find }: Wanted,
  { options, signal, note, prices, pauseMs = pauses }: Thawing,
): Promise<void> {
  const wish = { speed, days: options.thawDays ?? defaultThawDays };
  for (let waitMs = pauseMs.firstMs; ; waitMs = Math.min(waitMs * 2, pauseMs.longestMs)) {
    const needed = await find();
    const found = unreadable(needed.packs);
    const status = describeThaw(store.location, needed, found, prices);
    if (status.frozen.packs > 0) note(renderThaw(status).join('\n'));
    const left = await thawPacks(store, found, { wish, signal });
    if (left.thawing.length === 0) return;
    note(`Waiting for ${left.thawing.length} of ${needed.packs.length} packs to thaw`);
    await delay(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
