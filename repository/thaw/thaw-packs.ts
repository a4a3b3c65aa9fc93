import type { Store, StoredFile, ThawWish } from '../../stores/store.ts';

/** Requests on their way: S3 takes a thousand a second, and one takes some 50 ms. */
const atOnce = 16;

export interface ThawingPacks {
  /** Not asked for. */
  readonly frozen: readonly StoredFile[];
  /** Asked for, and not there yet. */
  readonly thawing: readonly StoredFile[];
}

/** Those of the packs that cannot be read yet. */
export function unreadable(packs: readonly StoredFile[]): ThawingPacks {
  return {
    frozen: packs.filter(({ reach }) => reach === 'frozen'),
    thawing: packs.filter(({ reach }) => reach === 'thawing'),
  };
}

/**
 * Asks for what is frozen. May be stopped and repeated: what was asked for is not asked for again.
 * @throws {Failure} of the store; the right at S3 is s3:RestoreObject
 */
export async function thawPacks(
  store: Store,
  { frozen, thawing }: ThawingPacks,
  {
    wish,
    signal,
    onPack,
  }: { readonly wish: ThawWish; readonly signal: AbortSignal; readonly onPack?: () => void },
): Promise<ThawingPacks> {
  const asked: StoredFile[] = [];
  const rest = frozen.values();
  const ask = async (): Promise<void> => {
    for (const pack of rest) {
      const reach = await store.thaw({ type: 'data', name: pack.name }, wish, signal);
      if (reach === 'thawing') asked.push({ ...pack, reach });
      onPack?.();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, ask));
  return { frozen: [], thawing: [...thawing, ...asked] };
}
