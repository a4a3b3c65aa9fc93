import type { PreflightReport } from '../../contracts/jobs.ts';
import { loadPosixCalls } from '../../posix/calls.ts';
import type { Entry } from '../../repository/archive/entry.ts';
import type { CaptureContext, Source } from '../source.ts';
import { folderRules } from './folder-rules.ts';
import { hasMoreItems } from './many-items.ts';
import { loadOwnerNames } from './owners.ts';
import { type PathPatterns, pathFilter } from './path-filter.ts';
import { readPatternFile } from './pattern-file.ts';
import { lookAtPaths } from './present-paths.ts';
import { localItems, RemoteWalk } from './remote-walk.ts';
import { cleanPaths, mergeTargets, type Target } from './targets.ts';
import { Walker } from './walker.ts';

export interface FilesSourceOptions {
  /** Absolute paths of files and folders. */
  readonly paths: readonly string[];
  /** Patterns with restic's meaning; a path of `paths` itself is never left out. */
  readonly exclude?: readonly string[];
  /** The same for capital and small letters. */
  readonly iexclude?: readonly string[];
  /** Absolute paths of files with such patterns. */
  readonly excludeFile?: readonly string[];
  readonly iexcludeFile?: readonly string[];
  readonly excludeCaches?: boolean;
  /** Names of files, or `name:header`: what is in a folder with such a file is left out. */
  readonly excludeIfPresent?: readonly string[];
  /** Leaves out files of more bytes. */
  readonly excludeLargerThanBytes?: number;
  /** Names of ignore files such as `.gitignore`: what they name in their folders is left out. */
  readonly ignoreFile?: readonly string[];
  /** Keeps the times of the last access. */
  readonly withAtime?: boolean;
  /** Stays on the file systems of the given paths. */
  readonly oneFileSystem?: boolean;
  /** Items that are listed before a thread is started for the rest; 0 for none, 1,000 when left out. */
  readonly localItems?: number;
  /** Begins to list many files when the capture is opened, and not when its entries are asked for. */
  readonly listsAhead?: boolean;
}

interface Walk {
  readonly walker: Walker;
  readonly remote: RemoteWalk;
  readonly root: Target;
}

/**
 * Files and folders of this host, as restic stores them. Of several paths those that are not there are warned of.
 * @throws {Failure} InvalidConfiguration for a path that is not absolute or a malformed pattern
 */
export function createFilesSource(options: FilesSourceOptions): Source {
  mergeTargets(options.paths);
  const paths = cleanPaths(options.paths);
  const patterns = patternsOf(options);
  const isExcluded = pathFilter(patterns);
  const opened: RemoteWalk[] = [];
  return {
    kind: 'files',
    paths,
    async preflight(signal) {
      signal.throwIfAborted();
      return describe(paths);
    },
    capture: (context) => capture(context),
    close: async () => {
      for (const remote of opened) await remote.close();
    },
  };

  function capture(context: CaptureContext): AsyncIterable<Entry> {
    const shared = {
      excludeCaches: options.excludeCaches ?? false,
      excludeIfPresent: options.excludeIfPresent ?? [],
      largestBytes: options.excludeLargerThanBytes,
      withAtime: options.withAtime ?? false,
      oneFileSystem: options.oneFileSystem ?? false,
    };
    const { warn } = context;
    const { present, absent } = lookAtPaths(paths);
    for (const warning of absent) warn(warning);
    const root = mergeTargets(present);
    const ignoreFiles = options.ignoreFile ?? [];
    const remote = new RemoteWalk({
      setup: { ...shared, ...patterns },
      warn,
      localItems: options.localItems,
    });
    opened.push(remote);
    const walker = new Walker({
      ...shared,
      owners: loadOwnerNames(),
      calls: loadPosixCalls(),
      isExcluded,
      rules: folderRules(shared),
      ignoreFiles,
      warn,
      // A thread would have to be told of the ignore files above a folder.
      ...(ignoreFiles.length === 0 && { remote }),
    });
    if (options.listsAhead && hasMoreItems(present, options.localItems ?? localItems)) walker.listAhead(root);
    return entries({ walker, remote, root }, context.signal);
  }

  async function* entries({ walker, remote, root }: Walk, signal: AbortSignal): AsyncGenerator<Entry> {
    signal.throwIfAborted();
    try {
      if (options.localItems === 0) {
        remote.start();
        await remote.ready();
      }
      yield* walker.roots(root);
    } finally {
      await remote.close();
    }
  }
}

/** All patterns, also those of pattern files. */
function patternsOf(options: FilesSourceOptions): PathPatterns {
  const read = (paths: readonly string[] = []): readonly string[] =>
    paths.flatMap((path) => readPatternFile(path, process.env));
  return {
    exclude: [...(options.exclude ?? []), ...read(options.excludeFile)],
    iexclude: [...(options.iexclude ?? []), ...read(options.iexcludeFile)],
  };
}

/** @throws {Failure} SourceMissing when none of the paths is there */
function describe(paths: readonly string[]): PreflightReport {
  const { absent } = lookAtPaths(paths);
  const description = paths.length === 1 ? `${paths[0]}` : `${paths.length} paths: ${paths.join(', ')}`;
  if (absent.length === 0) return { description };
  return { description, warnings: absent };
}
