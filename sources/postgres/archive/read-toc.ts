import { Failure } from '../../../contracts/failures.ts';
import type { ByteSource } from './byte-source.ts';
import {
  customFormat,
  damaged,
  directoryFormat,
  intBytes,
  magic,
  newestMinor,
  noData,
  offsetBytes,
  oldestMinor,
  type Toc,
  type TocEntry,
} from './toc.ts';

/** A table of contents as it was found in a dump. */
export interface FoundToc extends Toc {
  /** Directory format: the file of each entry that has one, by its id. */
  readonly files: ReadonlyMap<number, string>;
  /** Custom format: entries whose data must follow. */
  readonly awaited: ReadonlySet<number>;
}

/**
 * Reads the head and the table of contents of a dump in the custom or the directory format.
 * @throws {Failure} ToolFailed for what is none; SourceUnsupported for a version that we do not know
 */
export async function readToc(source: ByteSource): Promise<FoundToc> {
  if ((await source.bytes(magic.length)).toString('latin1') !== magic) {
    throw damaged('it does not start as a dump');
  }
  const [major, minor = 0, , intSize, offsetSize, format] = await source.bytes(6);
  if (major !== 1 || minor < oldestMinor || minor > newestMinor) {
    throw new Failure(
      'SourceUnsupported',
      `pg_dump writes the format ${major}.${minor}, which is not known`,
      {
        advice: 'Name the folder of client programs of PostgreSQL 13 to 18 as binDir of the source.',
      },
    );
  }
  const isCustom = format === customFormat;
  if (intSize !== intBytes - 1 || offsetSize !== offsetBytes || (!isCustom && format !== directoryFormat)) {
    throw damaged('it is neither in the custom nor in the directory format');
  }
  await source.bytes(minor >= 15 ? 1 : intBytes);
  const createdAt: number[] = [];
  for (let part = 0; part < 7; part += 1) createdAt.push(await source.int());
  const [database, serverVersion, dumpVersion] = [
    await source.text(),
    await source.text(),
    await source.text(),
  ];
  const entries: TocEntry[] = [];
  const files = new Map<number, string>();
  const awaited = new Set<number>();
  const count = await source.int();
  for (let index = 0; index < count; index += 1) {
    const entry = await readEntry(source, minor);
    entries.push(entry);
    if (!isCustom) {
      const file = (await source.text()) ?? '';
      if (file !== '') files.set(entry.id, file);
      continue;
    }
    if ((await source.byte()) !== noData) awaited.add(entry.id);
    await source.bytes(offsetBytes);
  }
  return { minor, createdAt, database, serverVersion, dumpVersion, entries, files, awaited };
}

async function readEntry(source: ByteSource, minor: number): Promise<TocEntry> {
  const id = await source.int();
  const hasData = (await source.int()) !== 0;
  const [catalogOid, oid, tag] = [await source.text(), await source.text(), await source.text()];
  const kind = (await source.text()) ?? '';
  const section = await source.int();
  const texts: (string | undefined)[] = [];
  for (let count = 0; count < 6; count += 1) texts.push(await source.text());
  const [definition, dropStatement, copyStatement, schema, tablespace, accessMethod] = texts;
  const relationKind = minor >= 16 ? await source.int() : 0;
  const [owner, withOids] = [await source.text(), await source.text()];
  const dependencies: string[] = [];
  for (let on = await source.text(); on !== undefined; on = await source.text()) dependencies.push(on);
  return {
    ...{ id, hasData, catalogOid, oid, tag, kind, section, definition, dropStatement, copyStatement },
    ...{ schema, tablespace, accessMethod, relationKind, owner, withOids, dependencies },
  };
}
