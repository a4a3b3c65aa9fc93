import { freeMemory } from '../../repository/free-memory.ts';
import {
  encodeBlockHead,
  encodeCustomToc,
  encodeInt,
  encodeLargeObjectsHead,
  type TocEntry,
} from '../../sources/postgres/archive/toc.ts';
import type { DumpFolder } from './dump-folder.ts';

const endOfBlock = encodeInt(0);

/**
 * Some entries of a dump as a stream in the custom format, which pg_restore reads from its standard input: so
 * nothing of the data lies on a disk, and several programs load different tables at the same time.
 */
export async function* customDump(
  dump: DumpFolder,
  entries: readonly TocEntry[],
  onBytes: (bytes: number, current: string) => void,
): AsyncGenerator<Buffer> {
  const withData = new Set(
    entries.filter(({ id, hasData }) => hasData && dump.toc.files.has(id)).map(({ id }) => id),
  );
  const listed = entries.map((entry) => ({ ...entry, hasData: withData.has(entry.id) }));
  yield encodeCustomToc({ ...dump.toc, entries: listed });
  for (const { id, kind, tag = '' } of listed) {
    if (!withData.has(id)) continue;
    const current = Buffer.from(tag, 'latin1').toString();
    if (kind === 'BLOBS') {
      yield* largeObjects(dump, id, (bytes) => onBytes(bytes, 'large objects'));
      continue;
    }
    yield encodeBlockHead(id);
    yield* chunks(dump.read(id), (bytes) => onBytes(bytes, current));
    yield endOfBlock;
  }
}

/** Objects as their list names them: "16400 blob_16400.dat". */
async function* largeObjects(
  dump: DumpFolder,
  id: number,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const list = Buffer.concat(await Array.fromAsync(dump.read(id))).toString();
  yield encodeLargeObjectsHead(id);
  for (const line of list.split('\n').filter((text) => text !== '')) {
    const [oid = '', name = ''] = line.split(' ');
    yield encodeInt(Number(oid));
    yield* chunks(dump.readNamed(name), onBytes);
    yield endOfBlock;
  }
  yield endOfBlock;
}

async function* chunks(
  content: AsyncIterable<Buffer>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of content) {
    if (chunk.length === 0) continue;
    yield encodeInt(chunk.length);
    yield chunk;
    onBytes(chunk.length);
    // The collector would come for them every few pieces, and look through the whole heap each time.
    freeMemory(chunk);
  }
}
