/**
 * A prune in a process of its own, which kills itself at a failpoint.
 *
 * Arguments: folder of the repository, name of the failpoint (or `none`), how often it is passed before,
 * delay of the deletion in ms.
 */
import { Repository } from '../../../repository/repository.ts';
import { openLocalStore } from '../../../stores/local.ts';
import { testPassword } from '../test-repository.ts';
import { pruneAll } from './prune-all.ts';

const [folder = '', killAt = '', passes = '0', deleteDelayMs = '0'] = process.argv.slice(2);
let left = Number(passes);
const passed: Record<string, number> = {};
const failpoint = (name: string): void => {
  passed[name] = (passed[name] ?? 0) + 1;
  if (name === killAt && left-- === 0) process.kill(process.pid, 'SIGKILL');
};
const repository = await Repository.open(openLocalStore(folder), testPassword, { failpoint });
const result = await pruneAll(repository, { failpoint, deleteDelayMs: Number(deleteDelayMs) });
await repository.close();
process.stdout.write(JSON.stringify({ ...result, passed }));
