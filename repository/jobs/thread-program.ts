import { parentPort, workerData } from 'node:worker_threads';
import type { MasterKey } from '../crypto/master-key.ts';
import type { JobKeys, JobReport, OpenJobWork } from './job-work.ts';

/** Runs the jobs that a thread is sent, one after the other. For programs of threads (see job-pool.ts). */
export function serveJobs<Job, Result>(open: OpenJobWork<Job, Result>): void {
  const port = parentPort;
  if (!port) throw new Error('a program of jobs runs in a thread only');
  // Both ends are ours, of one version: the types of what crosses hold, but buffers arrive as bare arrays.
  const { key, targetKey }: JobKeys = workerData;
  const work = open(revived(key), targetKey && revived(targetKey));
  port.on('message', (job: Job) => {
    const { result, transfer = [] } = work(job);
    const report: JobReport<Result> = { kind: 'done', result };
    port.postMessage(report, transfer);
  });
  const ready: JobReport<Result> = { kind: 'ready' };
  port.postMessage(ready);
}

function revived({ encrypt, macK, macR }: MasterKey): MasterKey {
  return { encrypt: Buffer.from(encrypt), macK: Buffer.from(macK), macR: Buffer.from(macR) };
}
