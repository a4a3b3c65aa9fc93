/**
 * Holds an exclusive lock, and tries to write when it is told to. Its clock is ahead by what a file says, since
 * nobody can wait for half an hour.
 *
 * lock-holder.ts REPOSITORY CLOCK-FILE     says `locked`, then `written` or `refused` for each `write`
 */
import { readFileSync } from 'node:fs';
import { isFailure } from '../../contracts/failures.ts';
import { resticLockTiming } from '../../repository/lock/lock.ts';
import { Repository } from '../../repository/repository.ts';
import { openLocalStore } from '../../stores/local.ts';
import { testPassword } from '../../test/repository/test-repository.ts';

const [folder = '', clock = ''] = process.argv.slice(2);
const now = (): number => Date.now() + Number(readFileSync(clock, 'utf8'));
const lockTiming = { ...resticLockTiming, settleMs: 5, pollEveryMs: 3_600_000, now };
const repository = await Repository.open(openLocalStore(folder), testPassword, { lockTiming });
await repository.lock({ exclusive: true });
process.on('message', () => void write());
process.send?.('locked');

async function write(): Promise<void> {
  try {
    await repository.store.remove({ type: 'index', name: '0'.repeat(64) });
    process.send?.('written');
  } catch (error) {
    process.send?.(isFailure(error, 'RepositoryLocked') ? 'refused' : String(error));
  }
}
