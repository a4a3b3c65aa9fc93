import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { isFailure } from '../contracts/failures.ts';
import { checkRepository } from '../repository/check/check.ts';
import { resticLockTiming } from '../repository/lock/lock.ts';
import { withLock } from '../repository/lock/with-lock.ts';
import { Repository } from '../repository/repository.ts';
import { openStore } from '../stores/open.ts';
import type { StoreSettings } from '../stores/settings.ts';
import { removeFolder } from '../test/remove-folder.ts';
import { backUpFiles } from '../test/repository/back-up.ts';
import { temporaryFolder } from '../test/repository/temporary-folder.ts';
import { cheapScrypt, testPassword } from '../test/repository/test-repository.ts';
import { type FaultProxy, faultProxy } from '../test/stores/fault-proxy.ts';
import { ensureMinio } from '../tools/minio.ts';
import { type MinioServer, startMinio } from '../tools/minio-server.ts';
import { fileHashes, restore } from './engine.ts';
import type { Random } from './random.ts';
import type { RowRun } from './row-run.ts';

const packSizeBytes = 64 * 1024;
const lockTiming = { ...resticLockTiming, settleMs: 5 };

/** A real S3 server behind a proxy that injects faults. */
export interface Line {
  readonly server: MinioServer;
  readonly proxy: FaultProxy;
  /** Name of a new bucket. */
  makeBucket(): Promise<string>;
  /** A repository of its own in a bucket, reached through the proxy, with a backup in it. */
  makePlace(random: Random): Promise<Place>;
}

export interface Place {
  /** What a person gives as `--repo`. */
  readonly url: string;
  readonly source: string;
  readonly signal: AbortSignal;
  /** Opens the repository as a new process would. */
  open(change?: Partial<StoreSettings>): Promise<Repository>;
  /** Changes a part of the source and backs it up. */
  backUp(change?: Partial<StoreSettings>): Promise<void>;
  /** Asserts that the newest snapshot restores as what was backed up last. */
  assertRestores(change?: Partial<StoreSettings>): Promise<void>;
  /** Asserts, without any fault, that nothing is damaged and that the same work is done now. */
  assertWhole(): Promise<void>;
}

/** Short times, so that what is bounded in production by 45 s is over here within five. */
export const retry = { initialMs: 10, longestMs: 200, totalMs: 5_000 };

/** Checks kinds of faults in turn, each on a place of its own, which has to be whole afterwards. */
export async function checkKinds<Kind extends { readonly name: string }>(
  run: RowRun,
  kinds: readonly Kind[],
  check: (
    kind: Kind,
    scene: { readonly line: Line; readonly place: Place; readonly random: Random },
  ) => Promise<void>,
): Promise<void> {
  const line = await openLine(run);
  const first = run.random.below(kinds.length);
  for (const { number, random } of run.cases()) {
    const kind = kinds[(first + number) % kinds.length];
    if (kind === undefined) return;
    await run.check(kind.name, async () => {
      const place = await line.makePlace(random);
      await check(kind, { line, place, random });
      await place.assertWhole();
    });
  }
}

export async function openLine(run: RowRun): Promise<Line> {
  const server = await startMinio({ executable: await ensureMinio() });
  run.after(() => server.stop());
  const proxy = await faultProxy(run, server.endpoint, run.random.below(2 ** 31));
  let count = 0;
  const makeBucket = async (): Promise<string> => {
    const bucket = `case-${count++}`;
    const { endpoint, accessKeyId, secretAccessKey } = server;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    client.destroy();
    return bucket;
  };
  return {
    server,
    proxy,
    makeBucket,
    makePlace: async (random) => {
      proxy.rules();
      return await makePlace(run, { server, proxy, bucket: await makeBucket(), random });
    },
  };
}

interface PlaceOptions {
  readonly server: MinioServer;
  readonly proxy: FaultProxy;
  readonly bucket: string;
  readonly random: Random;
}

async function makePlace(run: RowRun, { server, proxy, bucket, random }: PlaceOptions): Promise<Place> {
  const url = `s3:${proxy.origin}/${bucket}/some/prefix`;
  const { signal } = run;
  const folder = await temporaryFolder(run);
  const source = join(folder, 'source');
  await mkdir(source);
  for (let index = 0; index < 12; index += 1)
    await writeFile(join(source, `file ${index}`), random.bytes(30_000));
  const env = { KEY_ID: server.accessKeyId, SECRET_KEY: server.secretAccessKey };
  const s3 = { accessKeyId: 'env:KEY_ID', secretAccessKey: 'env:SECRET_KEY' };
  const openPlace = async (change: Partial<StoreSettings> = {}) =>
    await openStore(url, { env, s3, retry, ...change });
  const open = async (change: Partial<StoreSettings> = {}) =>
    await Repository.open(await openPlace(change), testPassword, { packSizeBytes, lockTiming });
  const made = await Repository.init(await openPlace(), testPassword, { scryptCost: cheapScrypt });
  await made.close();
  const place: Place = {
    url,
    source,
    signal,
    open,
    backUp: async (change) => {
      for (const index of [0, 1]) await writeFile(join(source, `new ${index}`), randomBytes(100_000));
      await closing(await open(change), async (repository) => {
        await withLock(repository, { exclusive: false, signal }, async () => {
          await backUpFiles(repository, { paths: [source] });
        });
      });
    },
    assertRestores: async (change) => {
      const target = await mkdtemp(join(folder, 'restored-'));
      try {
        await closing(await open(change), (repository) =>
          restore(repository, { snapshot: 'latest', target, signal }),
        );
        const restored = new Map(
          [...(await fileHashes(target))].map(([path, hash]) => [path.slice(source.length), hash]),
        );
        assert.deepEqual(restored, await fileHashes(source));
      } finally {
        await removeFolder(target);
      }
    },
    assertWhole: async () => {
      proxy.rules();
      // What a line that was down has kept from being removed; elsewhere it is stale once its process has ended.
      await closing(await open(), async (repository) => void (await repository.unlock({ all: true })));
      await place.backUp();
      await closing(await open(), async (repository) => {
        const { damages } = await checkRepository(repository, { readDataPercent: 100, signal });
        assert.deepEqual(damages, []);
        assert.deepEqual(await Array.fromAsync(repository.store.list('lock')), [], 'locks are left');
      });
      await place.assertRestores();
    },
  };
  await place.backUp();
  return place;
}

async function closing(
  repository: Repository,
  work: (repository: Repository) => Promise<void>,
): Promise<void> {
  try {
    await work(repository);
  } finally {
    // A line that is cut may keep the lock from being removed.
    await repository.close().catch((error: unknown) => assert.ok(isFailure(error), String(error)));
  }
}
