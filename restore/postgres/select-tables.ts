import { Failure } from '../../contracts/failures.ts';
import type { Toc, TocEntry } from '../../sources/postgres/archive/toc.ts';

/** Kinds that are tables or hold their rows, of which only the chosen ones come. */
const tableKinds = ['TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW'];

/** Kinds that come with what they hang on. */
const attachedKinds = [
  ...['TABLE DATA', 'DEFAULT', 'INDEX', 'INDEX ATTACH', 'CONSTRAINT', 'CHECK CONSTRAINT', 'FK CONSTRAINT'],
  ...['TRIGGER', 'RULE', 'POLICY', 'ROW SECURITY', 'SEQUENCE OWNED BY', 'SEQUENCE SET', 'STATISTICS'],
  ...['COMMENT', 'ACL', 'SECURITY LABEL', 'STATISTICS DATA'],
];

/** Kinds that say how the rest is to be read. */
const framingKinds = ['ENCODING', 'STDSTRINGS', 'SEARCHPATH'];

export interface SelectedTables {
  readonly entries: readonly TocEntry[];
  /** Names of the chosen tables, as "schema.table". */
  readonly tables: ReadonlySet<string>;
  /** Foreign keys that are left out, since they point to a table that was not chosen. */
  readonly omitted: readonly string[];
}

/**
 * Chooses tables from a dump, with all that they need (schemas, types, sequences, functions, extensions) and all
 * that belongs to them (rows, keys, indexes, triggers, policies, rights).
 * @param wanted names as `schema.table`, or `table` in any schema
 * @throws {Failure} InvalidInput for a name that the dump does not have
 */
export function selectTables({ entries }: Pick<Toc, 'entries'>, wanted: readonly string[]): SelectedTables {
  const byId = new Map(entries.map((entry) => [String(entry.id), entry]));
  const selected = new Set<TocEntry>();
  const chosen = new Set<TocEntry>();
  for (const name of wanted) for (const table of findTables(entries, name)) chosen.add(table);
  const needed = (entry: TocEntry): readonly TocEntry[] =>
    entry.dependencies.flatMap((id) => byId.get(id) ?? []);
  const addWithNeeds = (entry: TocEntry): void => {
    if (selected.has(entry)) return;
    selected.add(entry);
    for (const need of needed(entry)) addWithNeeds(need);
  };
  for (const table of chosen) addWithNeeds(table);
  const omitted = new Set<string>();
  // What is attached may bring a sequence or a function, to which more is attached.
  for (let before = -1; before !== selected.size; ) {
    before = selected.size;
    for (const entry of entries) {
      if (selected.has(entry) || !attachedKinds.includes(entry.kind)) continue;
      const needs = needed(entry);
      if (!needs.some((need) => selected.has(need) && need.kind !== 'SCHEMA' && need.kind !== 'EXTENSION'))
        continue;
      const strangers = needs.filter((need) => belongsElsewhere(need, selected));
      if (strangers.length === 0) addWithNeeds(entry);
      else if (entry.kind === 'FK CONSTRAINT') omitted.add(nameOf(entry));
    }
  }
  return {
    entries: entries.filter((entry) => selected.has(entry) || framingKinds.includes(entry.kind)),
    tables: new Set([...selected].filter(({ kind }) => kind === 'TABLE').map(nameOf)),
    omitted: [...omitted],
  };
}

/** A table that was not chosen, or a key of one. */
function belongsElsewhere(entry: TocEntry, selected: ReadonlySet<TocEntry>): boolean {
  return !selected.has(entry) && [...tableKinds, 'CONSTRAINT', 'INDEX'].includes(entry.kind);
}

function findTables(entries: readonly TocEntry[], wanted: string): readonly TocEntry[] {
  const tables = entries.filter(({ kind }) => kind === 'TABLE');
  const found = tables.filter((entry) => nameOf(entry) === wanted || decoded(entry.tag) === wanted);
  if (found.length > 0) return found;
  const names = tables.slice(0, 20).map(nameOf);
  throw new Failure('InvalidInput', `tables: the dump holds no table "${wanted}"`, {
    advice: `It holds ${names.join(', ')}${tables.length > names.length ? ' and more' : ''}.`,
  });
}

function nameOf({ schema, tag }: TocEntry): string {
  return `${decoded(schema)}.${decoded(tag)}`;
}

function decoded(text = ''): string {
  return Buffer.from(text, 'latin1').toString();
}
