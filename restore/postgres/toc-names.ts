import type { TocEntry } from '../../sources/postgres/archive/toc.ts';

/** `shop.order`, without quotes: for people, and to compare names with. */
export function qualifiedName({ schema, tag }: Pick<TocEntry, 'schema' | 'tag'>): string {
  return `${decoded(schema)}.${decoded(tag)}`;
}

/** A text of a table of contents, which keeps bytes, as text. */
export function decoded(text = ''): string {
  return Buffer.from(text, 'latin1').toString();
}

/** A text as a table of contents keeps it. */
export function encoded(text: string): string {
  return Buffer.from(text).toString('latin1');
}
