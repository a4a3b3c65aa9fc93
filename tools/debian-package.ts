import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../contracts/failures.ts';
import { findProgram } from '../programs/find.ts';
import { type AptSource, debianArchive, readAptSources } from './apt-sources.ts';
import { runStep } from './step.ts';

export interface DebianPackage {
  readonly package: string;
  /** Debian release that has it: `bookworm`, `sid`. */
  readonly suite: string;
}

export interface DebianPackages {
  readonly packages: readonly string[];
  /** Debian release that has them: `bookworm`, `sid`. */
  readonly suite: string;
  /** Packages, by the beginning of their names, that are not wanted although others depend on them. */
  readonly except?: readonly string[];
}

/**
 * Downloads packages and all that they depend on, and unpacks them into a folder, as `unpackDebianPackage`.
 * @throws {Failure} ToolMissing, ToolFailed
 */
export async function unpackDebianPackages(
  { packages, suite, except = [] }: DebianPackages,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  await withDownloaded({ packages, suite }, { directory, signal }, async (archives) => {
    const names = (await readdir(archives)).filter((name) => name.endsWith('.deb'));
    for (const name of names.filter((file) => !except.some((start) => file.startsWith(start)))) {
      await runStep({ command: 'dpkg-deb', args: ['--extract', join(archives, name), directory], signal });
    }
  });
}

/**
 * Downloads a package from the Debian archive that this machine's apt uses, whichever release the machine
 * runs, and unpacks it into a folder. Works without root: apt gets lists and folders of its own, and nothing
 * is installed. apt checks the archive's signature.
 * @throws {Failure} ToolMissing, ToolFailed
 */
export async function unpackDebianPackage(
  { package: name, suite }: DebianPackage,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  await withDownloaded({ packages: [name], suite }, { directory, signal }, async (archives) => {
    const file = (await readdir(archives)).find((candidate) => candidate.startsWith(`${name}_`));
    if (file === undefined) throw new Failure('ToolFailed', `apt-get did not download the package ${name}`);
    await runStep({ command: 'dpkg-deb', args: ['--extract', join(archives, file), directory], signal });
  });
}

/** Gives the work the folder with the downloaded packages, which is removed afterwards. */
async function withDownloaded(
  { packages, suite }: DebianPackages,
  { directory, signal }: { readonly directory: string; readonly signal: AbortSignal },
  work: (archives: string) => Promise<void>,
): Promise<void> {
  const archive = await requireArchive(packages.join(', '));
  const scratch = await mkdtemp(join(dirname(directory), 'apt-'));
  try {
    const options = await isolatedApt(scratch, archive, suite);
    const run = (args: readonly string[]): Promise<string> =>
      runStep({ command: 'apt-get', args: [...options, ...args], signal });
    await run(['--quiet', 'update']);
    const install = ['--quiet', '--assume-yes', '--no-install-recommends', '--download-only', 'install'];
    await run([...install, ...packages]);
    await work(join(scratch, 'cache', 'archives'));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function requireArchive(name: string): Promise<AptSource> {
  const archive = debianArchive(await readAptSources());
  const hasPrograms = ['apt-get', 'dpkg-deb'].every((program) =>
    findProgram(program, process.env.PATH ?? ''),
  );
  if (archive && hasPrograms) return archive;
  throw new Failure('ToolMissing', `This machine has no Debian archive to get ${name} from`, {
    advice: `Install ${name} in the wanted version and put it on the PATH.`,
  });
}

/** Options that keep apt away from the lists, caches, locks and state of the system. */
async function isolatedApt(scratch: string, archive: AptSource, suite: string): Promise<readonly string[]> {
  await mkdir(join(scratch, 'lists', 'partial'), { recursive: true });
  await mkdir(join(scratch, 'cache', 'archives', 'partial'), { recursive: true });
  await writeFile(join(scratch, 'status'), '');
  const signedBy = archive.signedBy ? `[signed-by=${archive.signedBy}] ` : '';
  await writeFile(join(scratch, 'sources.list'), `deb ${signedBy}${archive.uri} ${suite} main\n`);
  const settings = {
    'Dir::Etc::sourcelist': join(scratch, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State': scratch,
    'Dir::State::lists': join(scratch, 'lists'),
    'Dir::State::status': join(scratch, 'status'),
    'Dir::Cache': join(scratch, 'cache'),
    'Acquire::Languages': 'none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
    'APT::Sandbox::User': '',
    'Debug::NoLocking': '1',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}
