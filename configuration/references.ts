import path from 'node:path';

/** The reference with the path of its file, if it names one, made absolute. */
export function absoluteReference(folder: string, reference: string): string {
  return reference.startsWith('file:')
    ? `file:${path.resolve(folder, reference.slice('file:'.length))}`
    : reference;
}
