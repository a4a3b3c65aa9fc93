import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../../contracts/findings.ts';
import { viewRepository } from '../../inspection/repository-view.ts';
import { compareLooks, type WatchState } from '../../policy/security/changes.ts';
import type { Snapshot } from '../../repository/snapshot.ts';
import { Secret } from '../../secrets/secret.ts';
import { backUpFiles } from '../../test/repository/back-up.ts';
import { pruneAll } from '../../test/repository/prune/prune-all.ts';
import { temporaryFolder } from '../../test/repository/temporary-folder.ts';
import { cheapScrypt, testRepository } from '../../test/repository/test-repository.ts';
import { place, putBack, readAll } from '../damage/files.ts';
import { assertRestores } from '../damage/judge.ts';
import { damagesOf, fileHashes, open } from '../engine.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';

/** A repository at four moments of its life, each as all of its files. */
interface History {
  readonly folder: string;
  /** One snapshot; two; the first forgotten and pruned; a password taken away. */
  readonly moments: readonly ReadonlyMap<string, Buffer>[];
  readonly snapshots: readonly { readonly id: string; readonly files: ReadonlyMap<string, string> }[];
  readonly removedKey: string;
}

export const rollback: Row = {
  id: 'X11-rollback',
  title: 'old files that are put back, and new ones that go, are told by what this machine remembers',
  counts: { test: 6, soak: 60 },
  run: async (run) => {
    const history = await makeHistory(run);
    const plays = Object.entries(tricks);
    for (const { number } of run.cases()) {
      const [name, play] = plays[number % plays.length] ?? [];
      if (name === undefined || play === undefined) return;
      await putBack(history.folder, history.moments.at(-1) ?? new Map());
      await run.check(name, () => play(history, run));
    }
  },
};

const tricks: Readonly<Record<string, (history: History, run: RowRun) => Promise<void>>> = {
  'the newest snapshot is removed': async ({ folder, snapshots }, { signal }) => {
    const before = await look(folder, signal);
    const { id } = last(snapshots);
    await rm(join(folder, 'snapshots', id));
    assertTold(await whatIsNew(folder, before, signal), 'snapshots', id);
  },
  'the whole repository is rolled back': async ({ folder, moments, snapshots }, { signal }) => {
    const before = await look(folder, signal);
    await putBack(folder, moments[0] ?? new Map());
    assertTold(await whatIsNew(folder, before, signal), 'snapshots', last(snapshots).id);
  },
  'another repository takes the place': async ({ folder }, run) => {
    const before = await look(folder, run.signal);
    const other = await testRepository(run);
    const files = await readAll(other.folder);
    await putBack(
      folder,
      new Map([...files].map(([path, bytes]) => [path.replace(other.folder, folder), bytes])),
    );
    assertTold(await whatIsNew(folder, before, run.signal), 'identity', before.id);
  },
  'a key file that was taken away comes back': async ({ folder, moments, removedKey }, { signal }) => {
    const before = await look(folder, signal);
    const path = join(folder, 'keys', removedKey);
    await place(path, moments[2]?.get(path) ?? Buffer.alloc(0));
    assertTold(await whatIsNew(folder, before, signal), 'keys', removedKey);
  },
  'an index of before a prune comes back': async (history, { signal }) => {
    await replay(history, 'index');
    assert.notDeepEqual(await damagesOf(history.folder, signal), []);
    await assertRestores({ ...history, snapshots: [last(history.snapshots)] }, new Set(), { signal });
  },
  'a snapshot of before a prune comes back': async (history, { signal }) => {
    await replay(history, 'snapshots');
    const damages = await damagesOf(history.folder, signal);
    const [first] = history.snapshots;
    assert.ok(
      damages.some((damage) => damage.includes(first?.id.slice(0, 8) ?? '')),
      JSON.stringify(damages),
    );
    await assertRestores({ ...history, snapshots: [last(history.snapshots)] }, new Set(), { signal });
  },
};

async function makeHistory(run: RowRun): Promise<History> {
  const made = await testRepository(run, { packSizeBytes: 64 * 1024 });
  const { folder } = made;
  const removedKey = await made.repository.addKey(new Secret('another'), { cost: cheapScrypt });
  const source = join(await temporaryFolder(run), 'source');
  await mkdir(source);
  const snapshots: { id: string; files: ReadonlyMap<string, string> }[] = [];
  const moments: ReadonlyMap<string, Buffer>[] = [];
  for (const version of ['first', 'second']) {
    await rm(join(source, 'first'), { force: true });
    await writeFile(join(source, version), run.random.bytes(30_000));
    const { snapshot } = await backUpFiles(await made.reopen(), { paths: [source] });
    const files = await fileHashes(source);
    snapshots.push({ id: snapshot, files: new Map([...files].map(([path, hash]) => [source + path, hash])) });
    moments.push(await readAll(folder));
  }
  const repository = await made.reopen();
  await made.store.remove({ type: 'snapshot', name: snapshots[0]?.id ?? '' });
  await pruneAll(repository);
  moments.push(await readAll(folder));
  await repository.removeKey(removedKey);
  moments.push(await readAll(folder));
  return { folder, moments, snapshots, removedKey };
}

/** Puts back all files of a type that were there before the prune. */
async function replay({ folder, moments }: History, type: string): Promise<void> {
  for (const [path, bytes] of moments[1] ?? [])
    if (path.startsWith(join(folder, type))) await place(path, bytes);
}

/** What a machine remembers after a look. */
async function look(folder: string, signal: AbortSignal): Promise<WatchState<Snapshot>> {
  const seen = await view(folder, signal);
  return compareLooks(undefined, seen, { repository: 'main', now: new Date(), isForgotten: () => false })
    .next;
}

async function whatIsNew(
  folder: string,
  before: WatchState<Snapshot>,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const seen = await view(folder, signal);
  return compareLooks(before, seen, { repository: 'main', now: new Date(), isForgotten: () => false })
    .findings;
}

async function view(folder: string, signal: AbortSignal) {
  const openRepository = () => open(folder);
  return await viewRepository({ openRepository }, 'main', { known: [], signal, onProgress: () => {} });
}

function assertTold(findings: readonly Finding[], check: string, id: string): void {
  const told = findings.filter((finding) => finding.check === check && finding.level !== 'ok');
  assert.ok(
    told.some(({ message }) => message.includes(id.slice(0, 8))),
    `nothing is told of ${check} ${id.slice(0, 8)}: ${JSON.stringify(findings)}`,
  );
}

function last<T>(items: readonly T[]): T {
  const item = items.at(-1);
  assert.ok(item);
  return item;
}
