import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One archive as apt is configured for it. */
export interface AptSource {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** Path of a key ring, or undefined if apt's own key rings sign the archive. */
  readonly signedBy?: string;
}

/** Reads what /etc/apt names, in both of apt's formats (sources.list(5)). */
export async function readAptSources(directory = '/etc/apt'): Promise<readonly AptSource[]> {
  const parts = join(directory, 'sources.list.d');
  const names = (await readdir(parts).catch(() => [])).toSorted();
  const files = [join(directory, 'sources.list'), ...names.map((name) => join(parts, name))];
  const sources: AptSource[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (file.endsWith('.sources')) sources.push(...parseStanzas(text));
    if (file.endsWith('.list')) sources.push(...parseLines(text));
  }
  return sources;
}

/** The archive of Debian itself among the sources: not its security archive, not that of another vendor. */
export function debianArchive(sources: readonly AptSource[]): AptSource | undefined {
  return sources.find(({ uri, components }) => /\/debian\/?$/.test(uri) && components.includes('main'));
}

/** Lines of the form `deb [signed-by=FILE] URI SUITE COMPONENT...`. */
export function parseLines(text: string): readonly AptSource[] {
  const sources: AptSource[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (!match) continue;
    const [, options = '', uri = '', suite = '', components = ''] = match;
    const signedBy = /(?:^|\s)signed-by=(\S+)/.exec(options)?.[1];
    sources.push({ uri, suites: [suite], components: words(components), ...(signedBy && { signedBy }) });
  }
  return sources;
}

/** Stanzas of `Field: value` lines, as in files that end in `.sources`. A key written out in the file is passed over. */
export function parseStanzas(text: string): readonly AptSource[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map<string, string>();
    for (const line of stanza.split('\n')) {
      const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
      if (match) fields.set((match[1] ?? '').toLowerCase(), (match[2] ?? '').trim());
    }
    const field = (name: string): readonly string[] => words(fields.get(name) ?? '');
    if (!field('types').includes('deb') || fields.get('enabled') === 'no') return [];
    const signedBy = field('signed-by').find((value) => value.startsWith('/'));
    return field('uris').map((uri) => ({
      uri,
      suites: field('suites'),
      components: field('components'),
      ...(signedBy && { signedBy }),
    }));
  });
}

function words(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}
