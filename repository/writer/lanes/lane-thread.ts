/** The program of a thread that works for a writer (see lane-port.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import { Chunker } from '../../chunker/chunker.ts';
import { LaneWork, type Report } from './lane-work.ts';
import type { LaneOrder, LaneSetup } from './messages.ts';

const port = parentPort;
if (!port) throw new Error('lane-thread.ts runs in a thread only');
// Both ends are ours, of one version: the types of what crosses hold, but buffers arrive as bare arrays.
const setup: LaneSetup = workerData;
const { encrypt, macK, macR } = setup.masterKey;
const masterKey = { encrypt: Buffer.from(encrypt), macK: Buffer.from(macK), macR: Buffer.from(macR) };
const chunker = await Chunker.create(setup.chunkerPolynomial);
// The header of a pack, up to five megabytes, is handed over instead of being copied.
const report: Report = (content) =>
  port.postMessage(content, content.kind === 'pack' ? [content.header.buffer] : []);
const work = new LaneWork({ ...setup, masterKey }, chunker, report);
port.on('message', (order: LaneOrder) => work.take(order));
report({ kind: 'ready' });
