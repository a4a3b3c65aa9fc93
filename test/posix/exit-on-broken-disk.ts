/**
 * Loads the calls, then ends with standard streams that cannot be flushed to a disk, as those on a broken one.
 *
 * exit-on-broken-disk.ts WAY     how it ends: `itself`, `exit` or `error`
 */
import { closeSync } from 'node:fs';
import { loadPosixCalls } from '../../posix/calls.ts';

loadPosixCalls();
process.stdout.write('x'.repeat(60_000));
// The flush of what is closed fails as that on a broken disk does.
closeSync(2);
const way = process.argv[2];
if (way === 'error') throw new Error('ends by an error');
if (way === 'exit') process.exit(7);
process.exitCode = 7;
