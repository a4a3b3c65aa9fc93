import type { Store } from '../../stores/store.ts';
import { damaged, type SealedFiles } from '../sealed-files.ts';
import type { BlobIndex } from './blob-index.ts';
import { decodeIndex } from './index-file.ts';

/** Fills the index in memory from the index files of a repository. */
export class IndexLoader {
  readonly #store: Store;
  readonly #files: SealedFiles;
  readonly #index: BlobIndex;
  readonly #loaded = new Set<string>();
  #isLoaded = false;

  constructor(store: Store, files: SealedFiles, index: BlobIndex) {
    this.#store = store;
    this.#files = files;
    this.#index = index;
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /**
   * Reads the index files that were not read before.
   * @throws {Failure} RepositoryDamaged naming the index file
   */
  async load(signal?: AbortSignal): Promise<void> {
    for await (const { name } of this.#store.list('index', signal)) {
      if (!this.#loaded.has(name)) await this.#loadFile(name, signal);
    }
    this.#isLoaded = true;
  }

  async #loadFile(name: string, signal: AbortSignal | undefined): Promise<void> {
    const json = await this.#files.load('index', name, signal);
    // Another process may have replaced it by a newer one.
    if (!json) return;
    const packs = decodeIndex(json);
    if (!packs) throw damaged('index', name, 'it is no index');
    for (const pack of packs) this.#index.addPack(pack);
    this.#loaded.add(name);
  }
}
