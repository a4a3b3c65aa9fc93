export interface Listing {
  readonly items: readonly { readonly name: string; readonly size: number }[];
  readonly nextPageToken: string | undefined;
}

/** One page of objects, as the JSON API has it. */
export function parseListing({ items, nextPageToken }: Readonly<Record<string, unknown>>): Listing {
  const found = Array.isArray(items) ? items.map(parseItem) : [];
  const next = typeof nextPageToken === 'string' && nextPageToken !== '' ? nextPageToken : undefined;
  return { items: found.filter((item) => item !== undefined), nextPageToken: next };
}

function parseItem(item: unknown): { name: string; size: number } | undefined {
  if (typeof item !== 'object' || item === null || !('name' in item) || !('size' in item)) return undefined;
  return typeof item.name === 'string' ? { name: item.name, size: Number(item.size) } : undefined;
}
