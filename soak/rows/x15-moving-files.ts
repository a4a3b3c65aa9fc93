import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import {
  appendFileSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Warning } from '../../contracts/jobs.ts';
import { loadPosixCalls } from '../../posix/calls.ts';
import type { Entry } from '../../repository/archive/entry.ts';
import { Repository } from '../../repository/repository.ts';
import { createFilesSource } from '../../sources/files/source.ts';
import { openLocalStore } from '../../stores/local.ts';
import { removeFolder } from '../../test/remove-folder.ts';
import { backUpEntries } from '../../test/repository/back-up.ts';
import { snapshotOf, testPassword, testRepository } from '../../test/repository/test-repository.ts';
import { damagesOf, fileHashes, restore } from '../engine.ts';
import type { Random } from '../random.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';

const calls = loadPosixCalls();
const secret = 'THE SECRET OF ANOTHER FOLDER';

export const movingFiles: Row = {
  id: 'X15',
  title: 'what happens to files between listing and reading is told, leads nowhere else, and stops nothing',
  counts: { test: 14, soak: 600 },
  run: async (run) => {
    const { folder } = await testRepository(run);
    const plays = Object.entries(changes);
    for (const { number, random } of run.cases()) {
      const [name, change] = plays[number % plays.length] ?? [];
      if (name === undefined || change === undefined) return;
      const base = await mkdtemp(join(tmpdir(), 'resguardo-soak-'));
      await run.check(name, () => backUpWhileChanging({ folder, base, change, random }, run));
      await removeFolder(base);
    }
  },
};

/** Changes what lies at a path, which was just listed. `elsewhere` is a folder that was not asked for. */
type Change = (path: string, elsewhere: string, random: Random) => void;

const changes: Readonly<Record<string, Change>> = {
  'a file vanishes': (path) => rmSync(path, { recursive: true }),
  'a file grows': (path, _elsewhere, random) => appendFileSync(path, random.bytes(1 + random.below(100_000))),
  'a file grows to many times its size': (path) => appendFileSync(path, Buffer.alloc(3_000_000, 'x')),
  'a file shrinks': (path, _elsewhere, random) =>
    truncateSync(path, random.below(Math.max(1, lstatSync(path).size))),
  'a file is emptied': (path) => truncateSync(path, 0),
  'a file is written anew': (path, _elsewhere, random) => writeFileSync(path, random.bytes(5000)),
  'a file becomes a link to elsewhere': (path, elsewhere) =>
    replace(path, () => symlinkSync(join(elsewhere, 'secret'), path)),
  'a file becomes a hard link to elsewhere': (path, elsewhere) =>
    replace(path, () => renameSync(join(elsewhere, 'other'), path)),
  'a file becomes a fifo': (path) => replace(path, () => calls.makeNode(Buffer.from(path), 0o010_600, 0n)),
  'a file becomes a folder': (path) => replace(path, () => mkdirSync(path)),
  'a file becomes a device without an end': (path) => replace(path, () => makeDevice(path)),
  'a folder becomes a link to elsewhere': (path, elsewhere) =>
    replace(join(path, '..'), () => symlinkSync(elsewhere, join(path, '..'))),
  'a folder vanishes': (path) => rmSync(join(path, '..'), { recursive: true }),
  'a folder becomes a file': (path) => replace(join(path, '..'), () => writeFileSync(join(path, '..'), 'x')),
};

function replace(path: string, make: () => void): void {
  rmSync(path, { recursive: true });
  make();
}

/** /dev/zero, where a device may be made. */
function makeDevice(path: string): void {
  try {
    calls.makeNode(Buffer.from(path), 0o020_600, 0x105n);
  } catch {
    symlinkSync('/dev/zero', path);
  }
}

interface Backup {
  readonly folder: string;
  readonly base: string;
  readonly change: Change;
  readonly random: Random;
}

async function backUpWhileChanging(backup: Backup, { signal }: RowRun): Promise<void> {
  const { folder, base, change, random } = backup;
  const source = join(base, 'source');
  const elsewhere = join(base, 'elsewhere');
  makeFolders(source, elsewhere, random);
  const before = await fileHashes(source);
  const chosen = join(source, random.pick(['sub', 'deep/er']), random.pick(['small', 'large', 'one']));
  const warnings: Warning[] = [];
  const warn = (warning: Warning): void => void warnings.push(warning);
  const roots = createFilesSource({ paths: [source] }).capture({ signal, warn });
  const changing = changeWhenListed(
    roots,
    '',
    (path) => path === chosen && change(chosen, elsewhere, random),
  );
  const repository = await Repository.open(openLocalStore(folder), testPassword);
  const { tree } = await backUpEntries(repository, changing, { onWarning: warn });
  const snapshot = await repository.commitSnapshot(snapshotOf(tree, { time: new Date().toISOString() }));
  const target = join(base, 'restored');
  await restore(repository, { snapshot, target, signal });

  const told = (path: string): boolean => warnings.some(({ subject }) => path.startsWith(subject));
  const [now, restored] = [await fileHashes(source), await fileHashes(join(target, source))];
  for (const [path, content] of now) {
    const isInPlace = !existsSync(join(source, path)) || lstatSync(join(source, path)).isFile();
    if (before.has(path) && isInPlace && !told(join(source, path)))
      assert.equal(restored.get(path), content, `${path} is not told of`);
  }
  if (!existsSync(chosen))
    assert.ok(told(chosen) || restored.has(chosen.slice(source.length)), 'nothing is told');
  assert.ok(![...restored.values()].includes(hash('sha256', secret)), 'a file of elsewhere was stored');
  assert.deepEqual(await damagesOf(folder, signal), []);
}

function makeFolders(source: string, elsewhere: string, random: Random): void {
  for (const folder of ['sub', 'deep/er']) {
    mkdirSync(join(source, folder), { recursive: true });
    writeFileSync(join(source, folder, 'large'), random.bytes(1_500_000));
    writeFileSync(join(source, folder, 'one'), 'x');
    writeFileSync(join(source, folder, 'small'), random.bytes(4000));
    writeFileSync(join(source, folder, 'untouched'), random.bytes(2000));
  }
  mkdirSync(elsewhere);
  for (const name of ['secret', 'small', 'large', 'one']) writeFileSync(join(elsewhere, name), secret);
  // Files of the one who may change the source are no secret to him.
  if (process.geteuid?.() === 0)
    for (const name of ['secret', 'small', 'large', 'one']) chownSync(join(elsewhere, name), 4321, 4321);
  writeFileSync(join(elsewhere, 'other'), 'that was moved here');
}

/** The entries, with a call for each after it was listed and before it is read. */
async function* changeWhenListed(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  folder: string,
  onListed: (path: string) => void,
): AsyncGenerator<Entry> {
  for await (const entry of entries) {
    const path = `${folder}/${entry.name.toString()}`;
    onListed(path);
    if (entry.kind !== 'directory') yield entry;
    else yield { ...entry, children: () => changeWhenListed(entry.children(), path, onListed) };
  }
}
