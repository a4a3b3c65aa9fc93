import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { encodeMasterKey, type MasterKey, randomMasterKey } from '../../repository/crypto/master-key.ts';
import { Sealing } from '../../repository/crypto/sealing.ts';
import { Repository } from '../../repository/repository.ts';
import { openLocalStore } from '../../stores/local.ts';
import { backUpFiles } from '../../test/repository/back-up.ts';
import { temporaryFolder } from '../../test/repository/temporary-folder.ts';
import { testPassword, testRepository } from '../../test/repository/test-repository.ts';
import { place } from '../damage/files.ts';
import { storedObjects } from '../damage/objects.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';

const program = fileURLToPath(new URL('../operations/nonces.ts', import.meta.url));
const perCase = 1000;

/** A case is a thousand messages under one key. */
export const nonces: Row = {
  id: 'X13',
  title: 'no nonce comes twice under one key: in a million messages, from new processes, or after a kill -9',
  counts: { test: 20, soak: 1000 },
  run: async (run) => {
    const master = randomMasterKey();
    const sealing = new Sealing(master);
    const seen = new Set<string>();
    for (const { number } of run.cases()) {
      if (number % 20 === 7) {
        await run.check('by a process that is killed -9', async () =>
          addAll(seen, await noncesOfKilled(master)),
        );
      } else if (number % 20 === 13) {
        await run.check('by another writer of this process', async () =>
          addAll(seen, noncesOf(new Sealing(master))),
        );
      } else await run.check('by one writer', async () => addAll(seen, noncesOf(sealing)));
    }
    await run.check('in a repository that threads have written', () => assertRepositoryUnique(run));
    run.figure('messages under one key', seen.size);
  },
};

function addAll(seen: Set<string>, more: readonly string[]): void {
  const before = seen.size;
  for (const nonce of more) seen.add(nonce);
  assert.equal(seen.size, before + more.length, 'a nonce came twice');
  assert.equal(more.length, perCase);
}

function noncesOf(sealing: Sealing): readonly string[] {
  return Array.from({ length: perCase }, () => sealing.seal(Buffer.alloc(0)).toString('latin1', 0, 16));
}

async function noncesOfKilled(master: MasterKey): Promise<readonly string[]> {
  const child = spawn(process.execPath, [program, String(perCase)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  try {
    child.stdin.end(encodeMasterKey(master));
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === 'end') break;
      lines.push(Buffer.from(line, 'hex').toString('latin1'));
    }
    return lines;
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

/** The lanes of a writer seal side by side. */
async function assertRepositoryUnique(run: RowRun): Promise<void> {
  const { folder } = await testRepository(run, { packSizeBytes: 64 * 1024 });
  const source = await temporaryFolder(run);
  for (let file = 0; file < 300; file += 1) await place(`${source}/${file}`, run.random.bytes(500 + file));
  const repository = await Repository.open(openLocalStore(folder), testPassword, {
    packSizeBytes: 64 * 1024,
  });
  await backUpFiles(repository, { paths: [source] });
  const blobs = [...repository.index.blobs()];
  const objects = await storedObjects({ folder, source, snapshots: [], usersOf: new Map(), blobs });
  const found: string[] = [];
  for (const { path, classes } of objects) {
    const bytes = await readFile(path);
    for (const { name, from, to } of classes)
      if (name.endsWith('nonce')) found.push(bytes.toString('latin1', from, to));
  }
  assert.ok(found.length > 300);
  assert.equal(new Set(found).size, found.length, 'a nonce came twice');
}
