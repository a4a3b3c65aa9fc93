/**
 * Seals so many messages by a key, prints their nonces and waits to be killed.
 *
 * nonces.ts COUNT      the master key comes as JSON on standard input
 */
import { text } from 'node:stream/consumers';
import { decodeMasterKey } from '../../repository/crypto/master-key.ts';
import { Sealing } from '../../repository/crypto/sealing.ts';

const master = decodeMasterKey(JSON.parse(await text(process.stdin)));
if (!master) throw new Error('That is no master key.');
const sealing = new Sealing(master);
const nonces = Array.from({ length: Number(process.argv[2]) }, () =>
  sealing.seal(Buffer.alloc(0)).toString('hex', 0, 16),
);
process.stdout.write(`${nonces.join('\n')}\nend\n`);
setInterval(() => {}, 1000);
