import path from 'node:path';
import type { ParsedConfiguration } from './schema.ts';

/** The reference with the path of its file, if it names one, made absolute. */
export function absoluteReference(folder: string, reference: string): string {
  return reference.startsWith('file:')
    ? `file:${path.resolve(folder, reference.slice('file:'.length))}`
    : reference;
}

/** Every file that a reference of the configuration names, once. */
export function secretFilesIn(
  configuration: Pick<
    ParsedConfiguration,
    'repositories' | 'sources' | 'hooks' | 'temporal' | 'notifications' | 'catalog'
  >,
): readonly string[] {
  const { repositories, sources, hooks, temporal, notifications, catalog } = configuration;
  const texts = textsIn([repositories, sources, hooks, temporal, notifications, catalog]);
  const files = texts.filter((text) => text.startsWith('file:')).map((text) => text.slice('file:'.length));
  return [...new Set(files)];
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
