import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Failure } from '../contracts/failures.ts';
import { findProgram } from '../programs/find.ts';
import { ensureInstalled, type ToolOptions, type ToolRecipe } from './cache.ts';
import { buildGoProgram } from './go-program.ts';
import { runStep } from './step.ts';
import { compareVersions, versionIn } from './versions.ts';

/** Version of the CLI, with server 1.29.1 inside. Later ones cannot be built with `go install`. */
const cliVersion = '1.5.1';

/** Oldest server that the tests are run with. */
const oldestServer = '1.29.0';

/** SHA-256 of the archives that the project has released. */
const archiveDigests: Readonly<Record<string, string>> = {
  'linux-amd64': 'ddc95e08b0b076efd4ea9733a3f488eb7d2be875f8834e616cd2a37358b4852d',
  'linux-arm64': 'bd1b0db9f18b051026de8bf6cc1505f2510f14bbb7a8b9a4a91fff46c77454f5',
  'darwin-amd64': 'bbb73e2a31135abe50a1f1cdb35030c42961df618e8ce9c60ae89f201540c5d9',
  'darwin-arm64': 'cca01b7ea35ad56e2a328d9ae596bf716bd22313ef63c7a761c88354457c2415',
};

/** How long the download may take to answer before it counts as out of reach. */
const answerTimeoutMs = 5_000;

/**
 * Path of Temporal's CLI, which holds the development server: from the PATH, else the official download, else
 * built with Go.
 * @throws {Failure} ToolMissing
 */
export async function ensureTemporal(options: ToolOptions = {}): Promise<string> {
  const signal = options.signal ?? new AbortController().signal;
  const onPath = findProgram('temporal', process.env.PATH ?? '');
  if (onPath && (await isRecent(onPath, signal))) return onPath;
  return join(await ensureInstalled(recipe, options), 'temporal');
}

const recipe: ToolRecipe = {
  name: 'temporal',
  version: cliVersion,
  notice: `Getting Temporal ${cliVersion} (some 2 minutes where it has to be built with Go)`,
  install: async (directory, signal) => {
    const problems: string[] = [];
    for (const attempt of [download, build]) {
      try {
        await attempt(directory, signal);
        if (await isRecent(join(directory, 'temporal'), signal)) return;
        problems.push(`${attempt.name}: the program does not start`);
      } catch (error) {
        signal.throwIfAborted();
        problems.push(`${attempt.name}: ${reasonOf(error)}`);
      }
    }
    throw new Failure(
      'ToolMissing',
      `Temporal's CLI is missing and could not be got (${problems.join('; ')})`,
      {
        advice: `Put \`temporal\` ${cliVersion} or newer on the PATH, or install Go 1.25 or newer and start again.`,
      },
    );
  },
};

async function isRecent(path: string, signal: AbortSignal): Promise<boolean> {
  const text = await runStep({ command: path, args: ['--version'], signal }).catch(() => '');
  const server = versionIn(text, /Server (\d+\.\d+\.\d+)/);
  return server !== undefined && compareVersions(server, oldestServer) >= 0;
}

/** fetch says "fetch failed", and its cause why. */
function reasonOf(error: unknown): string {
  const inner = error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message : String(inner);
}

/** The archive that Temporal's own documentation names. */
async function download(directory: string, signal: AbortSignal): Promise<void> {
  const goArch = arch() === 'x64' ? 'amd64' : arch();
  const digest = archiveDigests[`${platform()}-${goArch}`];
  if (digest === undefined) throw new Error(`there is none for ${platform()} on ${arch()}`);
  const url = `https://temporal.download/cli/archive/v${cliVersion}?platform=${platform()}&arch=${goArch}`;
  const archive = join(dirname(directory), 'temporal.tar.gz');
  const found = await fetchToFile(url, archive, signal);
  if (found !== digest) throw new Error(`the archive has the SHA-256 ${found} instead of ${digest}`);
  await runStep({ command: 'tar', args: ['-xzf', archive, '-C', directory, 'temporal'], signal });
}

/** Resolves to the SHA-256 of what was fetched. */
async function fetchToFile(url: string, file: string, signal: AbortSignal): Promise<string> {
  const unanswered = new AbortController();
  const timer = setTimeout(() => unanswered.abort(new Error('no answer')), answerTimeoutMs);
  const hash = createHash('sha256');
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, unanswered.signal]) });
    clearTimeout(timer);
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
    const body = Readable.fromWeb(response.body);
    body.on('data', (chunk: Buffer) => hash.update(chunk));
    await pipeline(body, createWriteStream(file), { signal });
  } finally {
    clearTimeout(timer);
  }
  return hash.digest('hex');
}

function build(directory: string, signal: AbortSignal): Promise<void> {
  return buildGoProgram(
    { package: 'github.com/temporalio/cli/cmd/temporal', version: `v${cliVersion}` },
    directory,
    signal,
  );
}
