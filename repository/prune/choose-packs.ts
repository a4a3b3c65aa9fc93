import type { PackUse, UseOfPacks } from './pack-use.ts';

/** How far a prune goes. */
export interface PruneLimits {
  /** Unused bytes that may stay, where packing anew would not be worth it. */
  readonly maxUnusedBytes: (usedBytes: number) => number;
  /** Packing anew ends before this many bytes; 0 packs nothing anew. */
  readonly maxRepackBytes: number;
  /** Bytes of the packs that the repository is written with; restic's 16 MiB when left out. */
  readonly packSizeBytes?: number;
  /** Packs no data anew, only trees. */
  readonly repackTreesOnly?: boolean;
  /** Whether a pack cannot be read, or dearly: it is not packed anew. */
  readonly isCold?: (id: string) => boolean;
  /** Packs all anew that are smaller, however few there are. */
  readonly repackBelowBytes?: number;
}

/** Which packs go, as ids. Those that are not named stay. */
export interface ChosenPacks {
  /** No snapshot needs anything in them. */
  readonly remove: readonly PackUse[];
  /** What is needed of them is copied into new packs. */
  readonly repack: readonly PackUse[];
  readonly keep: readonly PackUse[];
}

/** restic's smallest pack: what is smaller is put together with others. */
const smallestPackBytes = 4 * 1024 * 1024;
/** Fewer small packs than this are not worth the work, and would be packed anew at each prune. */
const enoughSmallPacks = 10;

/**
 * Chooses as restic does: unused packs go; packs with the largest share of unused bytes are packed anew until what
 * is left unused is within the limit; many small packs are put together. In one thing it goes further: a pack
 * with a tree that no snapshot needs is packed anew whatever the limits (unless nothing may be). So no tree stays
 * in the index whose content has gone, and whoever finds a tree there can rely on all that is below it.
 */
export function choosePacks(
  { packs, used, duplicate, unused }: UseOfPacks,
  limits: PruneLimits,
): ChosenPacks {
  const { maxUnusedBytes, maxRepackBytes, packSizeBytes = smallestPackBytes, repackBelowBytes } = limits;
  const target = repackBelowBytes ?? targetBytes(packs, Math.min(smallestPackBytes, packSizeBytes));
  const remove = packs.filter(({ usedBlobs }) => usedBlobs === 0);
  const needed = packs.filter(({ usedBlobs }) => usedBlobs > 0);
  const whole = needed.filter(isWhole);
  const small = whole.filter((pack) => bytesOf(pack) < target);
  const smallOnes = small.length < (repackBelowBytes === undefined ? enoughSmallPacks : 2) ? [] : small;
  const candidates = [...needed.filter((pack) => !isWhole(pack)), ...smallOnes];
  candidates.sort((a, b) => compare(a, b, target));
  const limit = maxUnusedBytes(used.bytes);
  let unusedBytes = duplicate.bytes + unused.bytes - sum(remove, ({ unusedBytes: bytes }) => bytes);
  let repackedBytes = 0;
  const repack = new Set<PackUse>();
  for (const pack of candidates) {
    if (limits.isCold?.(pack.id) || (limits.repackTreesOnly === true && pack.content === 'data')) continue;
    const exceeds = repackedBytes + bytesOf(pack) >= maxRepackBytes;
    const mustGo = pack.unusedTrees > 0 && maxRepackBytes > 0;
    const isWorthIt = pack.content !== 'data' || bytesOf(pack) < target || unusedBytes >= limit;
    if (!mustGo && (exceeds || !isWorthIt)) continue;
    repack.add(pack);
    repackedBytes += bytesOf(pack);
    unusedBytes -= pack.unusedBytes;
  }
  return { remove, repack: [...repack], keep: needed.filter((pack) => !repack.has(pack)) };
}

function isWhole({ unusedBlobs, content, hasPlainTrees }: PackUse): boolean {
  return unusedBlobs === 0 && content !== 'mixed' && !hasPlainTrees;
}

/** Trees first, small packs next, then those with the largest share of unused bytes. */
function compare(a: PackUse, b: PackUse, target: number): number {
  const rank = (pack: PackUse): number =>
    (pack.content === 'data' ? 2 : 0) + (bytesOf(pack) < target ? 0 : 1);
  return rank(a) - rank(b) || b.unusedBytes / bytesOf(b) - a.unusedBytes / bytesOf(a);
}

/** Four fifths of what all but the smallest 3 % of the packs have: so only a few count as small. */
function targetBytes(packs: readonly PackUse[], smallestBytes: number): number {
  const sizes = packs.map(bytesOf).toSorted((a, b) => a - b);
  const typical = sizes[Math.floor((sizes.length * 3) / 100)] ?? 0;
  return (Math.max(smallestBytes, typical) * 4) / 5;
}

function bytesOf({ usedBytes, unusedBytes }: PackUse): number {
  return usedBytes + unusedBytes;
}

function sum(packs: readonly PackUse[], of: (pack: PackUse) => number): number {
  return packs.reduce((total, pack) => total + of(pack), 0);
}
