export interface ListedObject {
  readonly name: string;
  readonly size: number;
  readonly storageClass?: string;
  readonly writtenAt?: Date;
  /** When an older version was replaced or removed. */
  readonly deletedAt?: Date;
  /** When what is deleted softly is gone. */
  readonly goneAt?: Date;
}

export interface Listing {
  readonly items: readonly ListedObject[];
  readonly nextPageToken: string | undefined;
}

/** One page of objects, as the JSON API has it. */
export function parseListing({ items, nextPageToken }: Readonly<Record<string, unknown>>): Listing {
  const found = Array.isArray(items) ? items.map(parseItem) : [];
  const next = typeof nextPageToken === 'string' && nextPageToken !== '' ? nextPageToken : undefined;
  return { items: found.filter((item) => item !== undefined), nextPageToken: next };
}

function parseItem(item: unknown): ListedObject | undefined {
  if (typeof item !== 'object' || item === null || !('name' in item) || !('size' in item)) return undefined;
  if (typeof item.name !== 'string') return undefined;
  return {
    name: item.name,
    size: Number(item.size),
    ...('storageClass' in item && { storageClass: String(item.storageClass) }),
    ...('timeCreated' in item && { writtenAt: new Date(String(item.timeCreated)) }),
    ...('timeDeleted' in item && { deletedAt: new Date(String(item.timeDeleted)) }),
    ...('hardDeleteTime' in item && { goneAt: new Date(String(item.hardDeleteTime)) }),
  };
}
