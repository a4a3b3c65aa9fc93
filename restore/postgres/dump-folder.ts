import { Failure } from '../../contracts/failures.ts';
import { readFile } from '../../repository/read-file.ts';
import { loadTree } from '../../repository/tree/load-tree.ts';
import type { TreeNode } from '../../repository/tree/node.ts';
import { tocFile } from '../../sources/describing-files.ts';
import { ByteSource } from '../../sources/postgres/archive/byte-source.ts';
import { type FoundToc, readToc } from '../../sources/postgres/archive/read-toc.ts';
import type { SnapshotWork } from '../database-restorer.ts';
import { fileOf } from '../snapshot-files.ts';
import { mapEntry, type RoleMap } from './map-roles.ts';

/** A dump in pg_dump's directory format, as it lies in a snapshot. */
export class DumpFolder {
  readonly toc: FoundToc;
  readonly #files: ReadonlyMap<string, TreeNode>;
  readonly #work: SnapshotWork;

  private constructor(toc: FoundToc, files: ReadonlyMap<string, TreeNode>, work: SnapshotWork) {
    this.toc = toc;
    this.#files = files;
    this.#work = work;
  }

  /**
   * @param path of the folder below that of the source
   * @param work with `mapRoles`, the roles that its entries name are changed
   * @throws {Failure} SourceUnsupported, RepositoryDamaged
   */
  static async open(
    source: string,
    path: string,
    work: SnapshotWork & { readonly mapRoles?: RoleMap | undefined },
  ): Promise<DumpFolder> {
    const { mapRoles = {} } = work;
    const folder = await fileOf(source, path, work);
    const nodes =
      folder.subtree === undefined ? [] : await loadTree(work.reader, folder.subtree, work.signal);
    const files = new Map(nodes.map((node) => [node.name.toString(), node]));
    const toc = files.get(tocFile);
    if (toc === undefined) throw new Failure('RepositoryDamaged', `The dump ${path} has no ${tocFile}`);
    const found = await readToc(new ByteSource(readFile(work.reader, toc, work.signal)));
    const entries = found.entries.map((entry) => mapEntry(entry, mapRoles));
    return new DumpFolder({ ...found, entries }, files, work);
  }

  /** Bytes of the data of an entry. */
  sizeOf(id: number): number {
    const name = this.toc.files.get(id);
    return Number((name === undefined ? undefined : this.#files.get(name)?.size) ?? 0n);
  }

  /** Content of the file of an entry. */
  read(id: number): AsyncGenerator<Buffer> {
    return this.readNamed(this.toc.files.get(id) ?? '');
  }

  /** @throws {Failure} RepositoryDamaged for a file that is not there */
  readNamed(name: string): AsyncGenerator<Buffer> {
    const node = this.#files.get(name);
    if (node === undefined) throw new Failure('RepositoryDamaged', `The dump has no file "${name}"`);
    return readFile(this.#work.reader, node, this.#work.signal);
  }
}
