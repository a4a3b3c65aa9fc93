/**
 * A process of its own for tests: `record FILE NAME COUNT` records runs and prints `ready` first;
 * `open-as-other FILE` opens the catalog as an ordinary user and prints the failure as JSON.
 */
import { openCatalog } from '../../catalog/catalog.ts';
import { Failure } from '../../contracts/failures.ts';
import { finish, start } from './behaviour.ts';

const [, , task, file = '', name = '', count = '0'] = process.argv;
if (task === 'record') await record();
if (task === 'open-as-other') await openAsOther();

async function record(): Promise<void> {
  const catalog = await openCatalog({ kind: 'sqlite', file });
  process.stdout.write('ready\n');
  for (let index = 0; index < Number(count); index += 1) {
    const run = start(name, `${name}-${index}`, new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString());
    await catalog.recordRunStarted(run);
    await catalog.recordRunFinished(finish(run, 'done', '2026-02-01T00:00:00Z'));
  }
  await catalog.close();
}

async function openAsOther(): Promise<void> {
  if (process.getuid?.() === 0) process.setuid?.(65_534);
  try {
    const catalog = await openCatalog({ kind: 'sqlite', file });
    await catalog.recordRunStarted(start('a', 'r', '2026-01-01T00:00:00Z'));
    process.stdout.write('{}');
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { type, message, advice } = error;
    process.stdout.write(JSON.stringify({ type, message, advice }));
  }
}
