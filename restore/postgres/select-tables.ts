import type { TableName } from '../../contracts/database-restore.ts';
import { Failure } from '../../contracts/failures.ts';
import type { Toc, TocEntry } from '../../sources/postgres/archive/toc.ts';
import { decoded, qualifiedName as nameOf } from './toc-names.ts';

/** Kinds that are tables or hold their rows, of which only the chosen ones come. */
const tableKinds = ['TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW'];

/** Kinds that come with what they hang on. */
const attachedKinds = [
  ...[
    'TABLE DATA',
    'TABLE ATTACH',
    'DEFAULT',
    'INDEX',
    'INDEX ATTACH',
    'CONSTRAINT',
    'CHECK CONSTRAINT',
    'FK CONSTRAINT',
  ],
  ...['TRIGGER', 'RULE', 'POLICY', 'ROW SECURITY', 'SEQUENCE OWNED BY', 'SEQUENCE SET', 'STATISTICS'],
  ...['COMMENT', 'ACL', 'SECURITY LABEL', 'STATISTICS DATA'],
];

/** Kinds that say how the rest is to be read. */
export const framingKinds = ['ENCODING', 'STDSTRINGS', 'SEARCHPATH'];

export interface SelectedTables {
  readonly entries: readonly TocEntry[];
  /** Names of the tables that come with rows, as "schema.table". */
  readonly tables: ReadonlySet<string>;
  /** Those that were asked for, and their partitions. */
  readonly chosen: readonly TocEntry[];
  /** Foreign keys to tables that were not chosen: they are left out. */
  readonly omitted: readonly OutwardKey[];
  /** The entries, with those keys and the structure of what they point to. */
  readonly withReferenced: readonly TocEntry[];
}

export interface OutwardKey {
  /** "shop.order order_customer_fkey". */
  readonly name: string;
  /** Table that it points to. */
  readonly to: TableName;
}

/**
 * Chooses tables from a dump, with their partitions, all that they need (schemas, types, sequences, functions,
 * extensions) and all that belongs to them (rows, keys, indexes, triggers, policies, rights).
 * @param wanted names as `schema.table`, or `table` in any schema
 * @throws {Failure} InvalidInput for a name that the dump does not have
 */
export function selectTables({ entries }: Pick<Toc, 'entries'>, wanted: readonly string[]): SelectedTables {
  const byId = new Map(entries.map((entry) => [String(entry.id), entry]));
  const selected = new Set<TocEntry>();
  const chosen = withPartitions(
    entries,
    wanted.flatMap((name) => findTables(entries, name)),
  );
  const needed = (entry: TocEntry): readonly TocEntry[] =>
    entry.dependencies.flatMap((id) => byId.get(id) ?? []);
  const addWithNeeds = (entry: TocEntry): void => {
    if (selected.has(entry)) return;
    selected.add(entry);
    for (const need of needed(entry)) addWithNeeds(need);
  };
  for (const table of chosen) addWithNeeds(table);
  const outward = new Map<TocEntry, readonly TocEntry[]>();
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
      else if (entry.kind === 'FK CONSTRAINT') outward.set(entry, strangers);
    }
  }
  const all = (): readonly TocEntry[] =>
    entries.filter((entry) => selected.has(entry) || framingKinds.includes(entry.kind));
  const found = {
    entries: all(),
    tables: new Set([...selected].filter(({ kind }) => kind === 'TABLE').map(nameOf)),
    chosen: [...chosen],
    omitted: [...outward].map(([key, strangers]) => ({ name: nameOf(key), to: referencedTable(strangers) })),
  };
  for (const key of outward.keys()) addWithNeeds(key);
  return { ...found, withReferenced: all() };
}

function referencedTable(strangers: readonly TocEntry[]): TableName {
  const table = strangers.find(({ kind }) => kind === 'TABLE');
  return { schema: decoded(table?.schema), name: decoded(table?.tag) };
}

/** The tables, their partitions, and the partitions of those. */
function withPartitions(entries: readonly TocEntry[], tables: readonly TocEntry[]): ReadonlySet<TocEntry> {
  const byId = new Map(entries.map((entry) => [String(entry.id), entry]));
  const found = new Set(tables);
  const attached = entries.filter(({ kind }) => kind === 'TABLE ATTACH');
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const { dependencies } of attached) {
      const [partition, parent] = dependencies.map((id) => byId.get(id));
      if (partition !== undefined && parent !== undefined && found.has(parent)) found.add(partition);
    }
  }
  return found;
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
