import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Warning } from '../../contracts/jobs.ts';
import type { PosixCalls } from '../../posix/calls.ts';
import type { DirectoryEntry, Entry } from '../../repository/archive/entry.ts';
import { metadataOfStat, type OwnerNames } from '../../repository/archive/stat-metadata.ts';
import type { ExtendedAttribute, NodeMetadata } from '../../repository/tree/node.ts';
import type { FolderRules } from './folder-rules.ts';
import { IgnoreFile, isIgnored } from './ignore-file.ts';
import { type FolderIdentity, OpenFolder } from './open-folder.ts';
import type { PathFilter } from './patterns.ts';
import type { RemoteWalk } from './remote-walk.ts';
import type { Target } from './targets.ts';

export interface WalkOptions {
  readonly owners: OwnerNames;
  readonly calls: PosixCalls;
  /** Left out when nothing is excluded by pattern. */
  readonly isExcluded: PathFilter | undefined;
  readonly rules: FolderRules;
  /** Larger files are left out; undefined for none. */
  readonly largestBytes: number | undefined;
  /** Names of ignore files; what they name is left out. */
  readonly ignoreFiles: readonly string[];
  readonly oneFileSystem: boolean;
  readonly withAtime: boolean;
  readonly warn: (warning: Warning) => void;
  /** Lists folders elsewhere when there are many items. */
  readonly remote?: RemoteWalk;
}

/** Where the walk stands. Paths and names are bytes, one in each character, so that they sort as restic does. */
export interface Folder {
  /** Ends with a slash. */
  readonly path: string;
  readonly names: readonly string[];
  /** The folder as it was listed; undefined for the root of all. */
  readonly stat: FolderIdentity | undefined;
  /** Targets inside, which no pattern leaves out. */
  readonly targets: ReadonlyMap<string, Target>;
  /** The file system that the walk stays on; undefined when it may go everywhere. */
  readonly device: bigint | undefined;
  /** Ignore files of this folder and of those above it. */
  readonly ignore: readonly IgnoreFile[];
}

/** An item to be looked at. */
interface Item {
  readonly name: string;
  /** Where the system finds it. */
  readonly at: Buffer;
  readonly target: Target | undefined;
  readonly device: bigint | undefined;
  readonly ignore: readonly IgnoreFile[];
}

/**
 * Lists files as entries, lazily and in the order of their names' bytes. Calls are synchronous: an
 * asynchronous one costs Node ten times what the call itself does. What cannot be listed is warned about and
 * left out; sockets are left out as restic does.
 */
export class Walker {
  readonly #options: WalkOptions;
  /** Of targets that are listed ahead. */
  readonly #ahead = new Map<Target, Entry | undefined>();

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  /** Lets the thread begin with all that is wanted, in the order in which it will be asked for. */
  listAhead(root: Target): void {
    const targets = wantedTargets(root);
    const { remote } = this.#options;
    // What lies inside another target is asked for in the middle of it.
    if (!remote || root.isWanted || targets.some(({ children }) => children.size > 0)) return;
    remote.start();
    for (const target of targets) {
      const entry = this.#target(target);
      if (entry?.kind !== 'directory') this.#ahead.set(target, entry);
      else {
        const children = entry.children();
        this.#ahead.set(target, { ...entry, children: () => children });
      }
    }
  }

  /** Entries of the root folder of a snapshot. */
  async *roots(root: Target): AsyncGenerator<Entry> {
    if (root.isWanted) {
      const device = this.#options.oneFileSystem ? lstatSync(root.path, { bigint: true }).dev : undefined;
      const at = Buffer.from(root.path);
      const folder = this.#open(root.path, { at, target: root, device, ignore: [], stat: undefined });
      if (folder) yield* this.#children(folder);
    } else yield* this.#onTheWay(root);
  }

  /** Folders above the wanted paths: with their own metadata, which is that of a link's target. */
  *#onTheWay(target: Target): Generator<Entry> {
    for (const [name, child] of inOrder(target.children)) {
      if (child.isWanted) {
        const entry = this.#ahead.has(child) ? this.#ahead.get(child) : this.#target(child);
        if (entry) yield entry;
        continue;
      }
      const stat = this.#tryTo(latin(child.path), () => statSync(bytes(latin(child.path)), { bigint: true }));
      if (!stat) continue;
      if (!stat.isDirectory())
        this.#warn(latin(child.path), 'it is no folder, so nothing below it is stored');
      else {
        const metadata = this.#metadata(latin(child.path), { stat, at: Buffer.from(child.path) });
        yield { kind: 'directory', name: bytes(name), metadata, children: () => this.#onTheWay(child) };
      }
    }
  }

  #target(target: Target): Entry | undefined {
    const name = latin(basename(target.path));
    const item = { name, at: Buffer.from(target.path), target, device: undefined, ignore: [] };
    return this.#entry(latin(target.path), item);
  }

  /** Entries of a folder whose names are known. Returns the names that are left when it is not to go on. */
  *list(folder: Folder, mayGoOn = () => true): Generator<Entry, readonly string[]> {
    const opened = this.#tryTo(folder.path, () => OpenFolder.open(bytes(folder.path), folder.stat));
    if (!opened) return [];
    try {
      for (const [index, name] of folder.names.entries()) {
        if (!mayGoOn()) return folder.names.slice(index);
        const path = folder.path + name;
        const target = folder.targets.get(name);
        if (!target && this.#options.isExcluded?.(bytes(path).toString('utf8'))) continue;
        const at = opened.pathOf(bytes(name));
        const entry = this.#entry(path, { name, at, target, device: folder.device, ignore: folder.ignore });
        if (entry) yield entry;
      }
      return [];
    } finally {
      opened.close();
    }
  }

  /** Entries of a folder, listed by the thread from when it runs. */
  #children(folder: Folder): Iterable<Entry> | AsyncIterable<Entry> {
    const { remote } = this.#options;
    if (!remote || folder.targets.size > 0) return this.list(folder);
    return remote.isReady || remote.isAhead ? remote.list(folder) : this.#listHereOrThere(folder, remote);
  }

  async *#listHereOrThere(folder: Folder, remote: RemoteWalk): AsyncGenerator<Entry> {
    const names = yield* this.list(folder, () => !remote.isReady);
    if (names.length > 0) yield* remote.list({ ...folder, names });
  }

  #entry(path: string, item: Item): Entry | undefined {
    this.#options.remote?.count();
    return this.#tryTo(path, () => {
      const stat = lstatSync(item.at, { bigint: true });
      if (!item.target && this.#isLeftOut(path, stat, item.ignore)) return undefined;
      const isElsewhere = item.device !== undefined && stat.dev !== item.device && !item.target;
      const name = bytes(item.name);
      if (stat.isDirectory()) return this.#directory(path, { ...item, stat, isElsewhere });
      if (isElsewhere || stat.isSocket()) return undefined;
      const metadata = this.#metadata(path, { stat, at: item.at });
      if (stat.isFile()) return { kind: 'file', name, metadata, path: bytes(path) };
      if (metadata.type === 'irregular') this.#warn(path, 'it is of a kind that cannot be stored');
      if (metadata.type === 'irregular') return undefined;
      if (metadata.type !== 'symlink') return { kind: 'other', name, metadata };
      const linkTarget = readlinkSync(item.at, { encoding: 'buffer' });
      return { kind: 'other', name, metadata: { ...metadata, linkTarget } };
    });
  }

  /** Whether its size or an ignore file leaves an item out. */
  #isLeftOut(path: string, stat: BigIntStats, ignore: readonly IgnoreFile[]): boolean {
    const { largestBytes } = this.#options;
    if (largestBytes !== undefined && !stat.isDirectory() && stat.size > BigInt(largestBytes)) return true;
    return ignore.length > 0 && isIgnored(ignore, bytes(path).toString('utf8'), stat.isDirectory());
  }

  /** A folder that another file system is mounted on is stored, and nothing in it. */
  #directory(
    path: string,
    item: Item & { readonly stat: BigIntStats; readonly isElsewhere: boolean },
  ): DirectoryEntry | undefined {
    const metadata = this.#metadata(path, item);
    const device = this.#options.oneFileSystem ? item.stat.dev : undefined;
    const folder = item.isElsewhere ? emptyFolder : this.#open(path, { ...item, device });
    if (!folder) return undefined;
    return {
      kind: 'directory',
      name: bytes(item.name),
      metadata,
      children: () => this.#children(folder),
    };
  }

  #open(
    path: string,
    { at, target, device, ignore, stat }: Omit<Item, 'name'> & Pick<Folder, 'stat'>,
  ): Folder | undefined {
    const names = this.#tryTo(path, () => readdirSync(at, { encoding: 'latin1' }));
    if (!names) return undefined;
    const folder = path.endsWith('/') ? path : `${path}/`;
    return {
      path: folder,
      names: this.#options.rules(bytes(path), names).toSorted(),
      stat,
      targets: targetsByLatinName(target),
      device,
      ignore:
        this.#options.ignoreFiles.length === 0
          ? ignore
          : [...ignore, ...this.#readIgnoreFiles(folder, names)],
    };
  }

  #readIgnoreFiles(folder: string, names: readonly string[]): readonly IgnoreFile[] {
    return this.#options.ignoreFiles.flatMap((name) => {
      const path = folder + latin(name);
      if (!names.includes(latin(name))) return [];
      const text = this.#tryTo(path, () => readFileSync(bytes(path), 'utf8'));
      return text === undefined ? [] : [new IgnoreFile(bytes(folder).toString('utf8'), text)];
    });
  }

  #metadata(path: string, { stat, at }: { readonly stat: BigIntStats; readonly at: Buffer }): NodeMetadata {
    const listed = metadataOfStat(stat, this.#options.owners);
    const metadata = this.#options.withAtime ? { ...listed, atimeNs: stat.atimeNs } : listed;
    const extendedAttributes = this.#attributes(path, at);
    return extendedAttributes.length > 0 ? { ...metadata, extendedAttributes } : metadata;
  }

  #attributes(path: string, at: Buffer): readonly ExtendedAttribute[] {
    const { calls } = this.#options;
    const attributes: ExtendedAttribute[] = [];
    for (const name of calls.listAttributes(at)) {
      const value = this.#tryTo(path, () => calls.getAttribute(at, name));
      if (value) attributes.push({ name, value });
    }
    return attributes;
  }

  #tryTo<T>(path: string, action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error)) throw error;
      this.#warn(path, `it is left out: ${explanations.get(String(error.code)) ?? error.message}`);
      return undefined;
    }
  }

  #warn(path: string, message: string): void {
    this.#options.warn({ subject: bytes(path).toString('utf8'), message });
  }
}

const emptyFolder: Folder = {
  path: '',
  names: [],
  stat: undefined,
  targets: new Map(),
  device: undefined,
  ignore: [],
};

const explanations = new Map([
  ['ENOENT', 'it vanished after it was listed'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['ENAMETOOLONG', 'its path is longer than the system allows'],
  ['ELOOP', 'its path leads through a loop of links'],
  ['ENOTDIR', 'something else took the place of a folder'],
]);

function inOrder(children: Target['children']): readonly (readonly [string, Target])[] {
  const named = [...children].map(([name, child]) => [latin(name), child] as const);
  return named.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** In the order in which they are stored. */
function wantedTargets(target: Target): readonly Target[] {
  if (target.isWanted) return [target];
  return inOrder(target.children).flatMap(([, child]) => wantedTargets(child));
}

function targetsByLatinName(target: Target | undefined): ReadonlyMap<string, Target> {
  return new Map([...(target?.children ?? [])].map(([name, child]) => [latin(name), child]));
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function latin(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
