/**
 * Runs the tests: `npm test`, or `npm test -- repository tools` for what has one of these words in its path.
 * The checks of the source text come first, then the tests that need no server while servers are installed and
 * started, then the tests that need them. With CI=true a server that cannot be had is a failure, otherwise its
 * tests are skipped by name.
 */
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeFolder } from './remove-folder.ts';
import { checkNames, runChecks } from './runner/checks.ts';
import { runFiles } from './runner/files.ts';
import { Report } from './runner/report.ts';
import {
  type ServerKind,
  type SharedServers,
  serversOf,
  startSharedServers,
} from './runner/shared-servers.ts';
import { makeTemporaryFolder } from './runner/temporary-folder.ts';
import { listFiles } from './source-files.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isContinuousIntegration = process.env.CI === 'true';
const fastTimeoutMs = 180_000;
const serverTimeoutMs = 900_000;
/** For a file to end after its tests. */
const graceMs = 60_000;

interface Plan {
  readonly checks: readonly string[];
  readonly fast: readonly string[];
  readonly server: readonly string[];
}

async function main(words: readonly string[]): Promise<void> {
  const interruption = new AbortController();
  const { signal } = interruption;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => interruption.abort(new Error(`ended by ${name}`)));
  }
  const report = new Report(print);
  const plan = await makePlan(words);
  const folder = await makeTemporaryFolder(tmpdir());
  process.env.TMPDIR = folder;
  try {
    await runPlan(plan, report, signal);
  } finally {
    // Whatever a test file that was ended has left, the results are to be told.
    await removeFolder(folder).catch((error: unknown) => print(`… not all was removed: ${String(error)}`));
  }
  const isEmpty = plan.checks.length + plan.fast.length + plan.server.length === 0;
  if (isEmpty) print(`No test has ${words.map((word) => `"${word}"`).join(' or ')} in its path.`);
  if (signal.aborted) print('The run was cancelled.');
  process.exitCode = signal.aborted ? 130 : report.failed > 0 || isEmpty ? 1 : 0;
  print(report.summary());
}

async function makePlan(words: readonly string[]): Promise<Plan> {
  const isWanted = (name: string): boolean => words.length === 0 || words.some((word) => name.includes(word));
  const files = (await listFiles(root, 'test', '.test.ts')).filter(isWanted);
  const needsServer = (file: string): boolean => file.endsWith('.server.test.ts');
  return {
    checks: checkNames.filter(isWanted),
    fast: files.filter((file) => !needsServer(file)),
    server: files.filter(needsServer),
  };
}

async function runPlan(plan: Plan, report: Report, signal: AbortSignal): Promise<void> {
  const needs = new Map<string, readonly ServerKind[]>();
  for (const file of plan.server) needs.set(file, await serversOf(root, file));
  const starting = startSharedServers(new Set([...needs.values()].flat()), {
    signal,
    onNotice: (notice) => print(`… ${notice}`),
  });
  try {
    await runChecks({ root, names: plan.checks, signal }, report);
    const fast = { root, files: plan.fast, timeoutMs: fastTimeoutMs, graceMs, strict: false, signal };
    await runFiles(fast, report);
    await runServerTests(needs, { servers: await starting, report, signal });
  } finally {
    await (await starting).stop();
  }
}

interface ServerPhase {
  readonly servers: SharedServers;
  readonly report: Report;
  readonly signal: AbortSignal;
}

async function runServerTests(
  needs: ReadonlyMap<string, readonly ServerKind[]>,
  { servers, report, signal }: ServerPhase,
): Promise<void> {
  if (signal.aborted) return;
  Object.assign(process.env, servers.env);
  const files: string[] = [];
  for (const [file, kinds] of needs) {
    const failure = kinds.map((kind) => servers.missing.get(kind)).find((found) => found !== undefined);
    if (failure === undefined) files.push(file);
    else if (isContinuousIntegration || failure.type !== 'ToolMissing') {
      report.record(file, { failure: `${failure.message}\n${failure.advice}` });
    } else report.record(file, { skip: failure.message });
  }
  await runFiles(
    { root, files, timeoutMs: serverTimeoutMs, graceMs, strict: isContinuousIntegration, signal },
    report,
  );
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main(process.argv.slice(2));
