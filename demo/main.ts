import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { delimiter } from 'node:path';
import { parseArgs } from 'node:util';
import { exitCodeOf, toFailure } from '../cli/failure.ts';
import { Interrupt } from '../cli/interrupt.ts';
import { leaveAddress, removeAddress } from '../cli/local-temporal.ts';
import { Output } from '../cli/output/output.ts';
import { programVersion } from '../cli/version.ts';
import { type Configuration, loadConfiguration } from '../configuration/load.ts';
import { isFailure } from '../contracts/failures.ts';
import { connectControl } from '../control/client.ts';
import { createLogger } from '../logging/logger.ts';
import { randomKeyCost } from '../repository/crypto/key-derivation.ts';
import { Repository } from '../repository/repository.ts';
import { Secret } from '../secrets/secret.ts';
import { openStore } from '../stores/open.ts';
import { startWorkers } from '../workers/worker.ts';
import { ensureFileTree } from './file-tree.ts';
import { demoPlace, hasRepository, type Place, preparePlace, writeConfiguration } from './place.ts';
import { startDemoPostgres, startDemoTemporal } from './servers.ts';
import { ensureShop } from './shop/fill.ts';
import { Steps } from './steps.ts';
import { tellStory } from './story.ts';
import { renderSummary } from './summary.ts';

const help = `npm run demo [-- --keep]

Backs up a PostgreSQL database and a folder through Temporal, verifies the repository, restores both and compares.
  --keep   leave everything running afterwards, until Ctrl-C
`;

interface Demo {
  readonly output: Output;
  readonly interrupt: Interrupt;
  readonly place: Place;
  readonly keep: boolean;
  /** Undone in reverse order at the end, however it comes. */
  readonly cleanups: (() => Promise<void>)[];
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { keep: { type: 'boolean' }, help: { type: 'boolean' } } });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const { stdout, stderr, env } = process;
  const output = new Output({
    stdout,
    stderr,
    json: false,
    quiet: false,
    debug: Boolean(env.RESGUARDO_DEBUG),
  });
  const interrupt = new Interrupt();
  interrupt.listen();
  const demo: Demo = { output, interrupt, place: demoPlace(), keep: values.keep === true, cleanups: [] };
  try {
    await runDemo(demo);
    return 0;
  } catch (error) {
    const failure = toFailure(error);
    await output.failure(failure);
    if (!isFailure(failure, 'Cancelled')) output.note(`The worker's log is ${demo.place.logFile}.`);
    return exitCodeOf(failure);
  } finally {
    for (const cleanup of demo.cleanups.toReversed()) await cleanup().catch(() => {});
    interrupt.close();
  }
}

async function runDemo({ output, interrupt, place, keep, cleanups }: Demo): Promise<void> {
  const { signal } = interrupt;
  const notices = { signal, onNotice: (notice: string) => output.note(`  … ${notice}`) };
  const steps = new Steps(output, signal);
  output.note('Resguardo demo: back up, verify, restore, compare.\n');
  await preparePlace(place);

  const temporal = await steps.run(
    'Start Temporal',
    () => startDemoTemporal(place, notices),
    ({ uiUrl }) => `Web UI: ${uiUrl}`,
  );
  cleanups.push(() => temporal.stop());
  const postgres = await steps.run(
    'Start PostgreSQL',
    () => startDemoPostgres(place, process.env, notices),
    ({ description }) => description,
  );
  cleanups.push(() => postgres.stop());
  const shop = await steps.run(
    'Fill the sample database',
    () => ensureShop(postgres.url),
    ({ isNew }) => (isNew ? 'made' : 'was there'),
  );
  await steps.run(
    'Make the sample files',
    () => ensureFileTree(place.treeFolder),
    ({ isNew }) => (isNew ? 'made' : 'were there'),
  );
  await writeConfiguration(place, shop.url, shop.name);
  await steps.run(
    'Prepare the repository',
    () => prepareRepository(place),
    (isNew) => (isNew ? 'created' : 'was there'),
  );

  const PATH = [postgres.binDir, process.env.PATH].filter(Boolean).join(delimiter);
  const env = { ...process.env, PATH, TEMPORAL_ADDRESS: temporal.address };
  const configuration = await loadConfiguration({ file: place.configurationFile, env, cwd: place.root });
  // Other commands with this configuration find the server by it.
  await leaveAddress(configuration, temporal.address);
  cleanups.push(() => removeAddress(configuration));
  cleanups.push(await steps.run('Start the worker', () => startDemoWorker(place, configuration, env)));
  const control = await connectControl({ settings: configuration.temporal, env });
  cleanups.push(() => control.close());

  const context = { output, interrupt, signal };
  const story = await tellStory({ context, control, place, server: postgres.url, shop, steps });
  const parts = { place, temporal, postgres: postgres.description, steps: steps.done, story, keep };
  await output.result({}, renderSummary(parts));
  if (keep) await waitForCtrlC(output, signal);
}

/** Resolves to true if the repository is new. */
async function prepareRepository(place: Place): Promise<boolean> {
  if (await hasRepository(place)) return false;
  const password = new Secret((await readFile(place.keyFile, 'utf8')).trim());
  const repository = await Repository.init(await openStore(place.repository), password, {
    scryptCost: randomKeyCost,
  });
  await repository.close();
  return true;
}

/** Resolves to what stops the worker. */
async function startDemoWorker(
  place: Place,
  configuration: Configuration,
  env: NodeJS.ProcessEnv,
): Promise<() => Promise<void>> {
  const destination = createWriteStream(place.logFile, { flags: 'a', mode: 0o600 });
  const logger = createLogger({ level: 'info', format: 'json', destination });
  const workers = await startWorkers({
    configuration,
    env,
    logger,
    programVersion: await programVersion(),
  });
  const running = workers.run();
  // Its failure reaches people through the runs that it leaves.
  running.catch((error) => logger.error({ reason: String(error) }, 'The worker has failed'));
  return async () => {
    workers.shutdown();
    await running.catch(() => {});
    destination.end();
  };
}

async function waitForCtrlC(output: Output, signal: AbortSignal): Promise<void> {
  output.note('\nEverything is left running. Ctrl-C ends it.');
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
    // Listening keeps no process alive by itself, but Temporal and the worker do.
  });
}

process.exitCode = await main();
