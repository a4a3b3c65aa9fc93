/** `{ [key]: value }`, or nothing where the database has no value: optional fields are left out, never null. */
export function present<K extends string, V>(
  key: K,
  value: V | null | undefined,
): { readonly [key in K]?: V } {
  return value === null || value === undefined ? {} : ({ [key]: value } as { readonly [key in K]: V });
}

/** JSON text of a column as a list; a column that someone changed by hand gives an empty one. */
export function listOf<T>(text: string, isItem: (item: unknown) => item is T): readonly T[] {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.filter(isItem) : [];
  } catch {
    return [];
  }
}

export function isString(item: unknown): item is string {
  return typeof item === 'string';
}
