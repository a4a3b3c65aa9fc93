import type { Store } from '../../stores/store.ts';
import { damaged, type SealedFiles } from '../sealed-files.ts';
import { BlobIndex } from './blob-index.ts';
import { decodeIndex, decodeMarks } from './index-file.ts';

/** Keeps the index in memory like the index files of a repository. */
export class IndexLoader {
  readonly #store: Store;
  readonly #files: SealedFiles;
  readonly #index: BlobIndex;
  /** Names of the index files that the index in memory holds. */
  #loaded = new Set<string>();

  constructor(store: Store, files: SealedFiles, index: BlobIndex) {
    this.#store = store;
    this.#files = files;
    this.#index = index;
  }

  /**
   * Reads the index files that were not read before. When one of the others has gone, as after a prune, the
   * index is read anew: a blob that it named may be gone too, and must not be taken for stored.
   * @throws {Failure} RepositoryDamaged naming the index file
   */
  async load(signal?: AbortSignal): Promise<void> {
    const names: string[] = [];
    for await (const { name } of this.#store.list('index', signal)) names.push(name);
    const added = names.filter((name) => !this.#loaded.has(name));
    const someHaveGone = names.length - added.length < this.#loaded.size;
    if (someHaveGone) {
      const fresh = new BlobIndex();
      await this.#loadInto(fresh, names, signal);
      this.#index.replaceBy(fresh);
    } else {
      await this.#loadInto(this.#index, added, signal);
    }
    this.#loaded = new Set(names);
  }

  async #loadInto(
    index: BlobIndex,
    names: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for (const name of names) {
      const json = await this.#files.load('index', name, signal);
      // Another process may have replaced it by a newer one, which the next call reads.
      if (!json) continue;
      const packs = decodeIndex(json);
      if (!packs) throw damaged('index', name, 'it is no index');
      for (const pack of packs) index.addPack(pack);
      for (const { id, markedMs } of decodeMarks(json)) index.addMark(id, markedMs);
    }
  }
}
