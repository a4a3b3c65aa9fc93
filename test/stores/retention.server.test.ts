import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { checkRepository } from '../../repository/check/check.ts';
import { Repository } from '../../repository/repository.ts';
import { openStore } from '../../stores/open.ts';
import { runCommand } from '../cli/command-line.ts';
import { backUpFiles } from '../repository/back-up.ts';
import { pruneAll } from '../repository/prune/prune-all.ts';
import { temporaryFolder } from '../repository/temporary-folder.ts';
import { cheapScrypt, noSignal, testPassword } from '../repository/test-repository.ts';
import { faultProxy } from './fault-proxy.ts';
import { azureImmutability, gcsRetention, type Lock } from './retention.ts';
import { places } from './test-stores.ts';

const services = { gcs: gcsRetention, azure: azureImmutability } as const;
type Service = keyof typeof services;

/** In whole seconds, as headers have them. */
const inAMonth = new Date(Math.ceil(Date.now() / 1000 + 30 * 86_400) * 1000);

for (const kind of ['gcs', 'azure'] as const) {
  test(`${kind}: a prune tells what retention keeps and until when, and a later one finishes`, async (t) => {
    const { repository, lock, proxy, forgetFirst } = await held(t, kind);
    await forgetFirst();
    const before = await packs(repository);
    lock((name) => (/data|index/.test(name) ? inAMonth : undefined));
    const refused = await pruneAll(repository);
    assert.equal(refused.packsRemoved, 0);
    assert.equal(refused.indexFilesRemoved, 0);
    assert.deepEqual(refused.locked?.until, inAMonth);
    assert.equal(refused.locked?.withoutEnd, 0);
    assert.ok((refused.locked?.bytes ?? 0) > 300_000, 'a pack of data is among them');
    assert.ok((await packs(repository)) >= before);
    await assertSound(repository);

    const asked = deletes(proxy);
    const again = await pruneAll(repository);
    assert.ok((again.locked?.files ?? 0) > 0);
    assert.ok(deletes(proxy) - asked <= (again.locked?.files ?? 0), 'nothing is tried twice');
    await assertSound(repository);

    lock(() => undefined);
    const finished = await pruneAll(repository);
    assert.equal(finished.locked, undefined);
    assert.ok(finished.packsRemoved >= 2);
    await assertSound(repository);
    assert.equal(await packs(repository), 2, 'a pack of data and one of trees are left');
  });

  test(`${kind}: what a hold keeps has no end that is known, and the rest goes`, async (t) => {
    const { repository, lock, forgetFirst, firstPack } = await held(t, kind);
    await forgetFirst();
    lock((name) => (name.endsWith(firstPack) ? 'hold' : undefined));
    await pruneAll(repository, { deleteDelayMs: 1000 });
    const late = { deleteDelayMs: 1000, nowMs: Date.now() + 2000 };
    const { locked, packsRemoved } = await pruneAll(repository, late);
    assert.partialDeepStrictEqual(locked, { files: 1, until: undefined, withoutEnd: 1 });
    assert.ok(packsRemoved > 0);
    await assertSound(repository);
    lock(() => undefined);
    // It is in no index by now: a prune marks it anew, and the next one removes it.
    assert.equal((await pruneAll(repository, late)).packsMarked, 1);
    const later = { deleteDelayMs: 1000, nowMs: late.nowMs + 2000 };
    assert.equal((await pruneAll(repository, later)).packsRemoved, 1);
    assert.equal(await packs(repository), 2);
    await assertSound(repository);
  });

  test(`${kind}: commands work in a bucket that lets nothing go, and tell it`, async (t) => {
    const { url, env, lock } = await held(t, kind);
    lock(() => inAMonth);
    const run = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await runCommand(['repo', ...args, '--repo', url], { env });
      assert.equal(code, 0, stderr);
      return `${stdout}${stderr}`;
    };
    const forget = [
      'forget',
      '--group-by',
      '',
      '--keep-last',
      '1',
      '--prune',
      '--delete-delay',
      '0s',
      '--yes',
    ];
    const told = await run(...forget);
    const day = inAMonth.toISOString().slice(0, 10);
    assert.match(told, new RegExp(`Removed 0 snapshots\\s+Locked 1 snapshot that nothing needs: .*${day}`));
    assert.match(await run('snapshots'), /2 snapshots/);
    assert.match(await run('check', '--read-data'), /no errors|No damage|sound/i);
    lock(() => undefined);
    assert.match(await run(...forget), /Removed 1 snapshot/);
    assert.match(await run('snapshots'), /1 snapshot/);
  });
}

/** A repository with two snapshots of folders that have nothing in common, behind a service that locks. */
async function held(t: TestContext, kind: Service) {
  const { origin } = await places[kind](t);
  const proxy = await faultProxy(t, origin);
  let lockOf: (name: string) => Lock = () => undefined;
  proxy.rules({ fault: services[kind]({ lockOf: (name) => lockOf(name) }) });
  const { url, settings } = await places[kind](t, proxy.origin);
  const store = await openStore(url, settings);
  const repository = await Repository.init(store, testPassword, { scryptCost: cheapScrypt });
  t.after(() => repository.close());
  const snapshots: string[] = [];
  let firstPack: string | undefined;
  for (const _ of [1, 2]) {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, 'data.bin'), randomBytes(300_000));
    snapshots.push((await backUpFiles(repository, { paths: [folder] })).snapshot);
    firstPack ??= (await Array.fromAsync(store.list('data')))[0]?.name;
  }
  return {
    url,
    env: { ...(settings.env as Record<string, string>), RESGUARDO_PASSWORD: testPassword.reveal() },
    repository,
    proxy,
    /** Name of a pack that the first snapshot alone needs. */
    firstPack: firstPack ?? '',
    lock: (change: typeof lockOf) => {
      lockOf = change;
    },
    forgetFirst: async () => await store.remove({ type: 'snapshot', name: snapshots[0] ?? '' }),
  };
}

async function packs({ store }: Repository): Promise<number> {
  return (await Array.fromAsync(store.list('data'))).length;
}

function deletes({ seen }: Awaited<ReturnType<typeof faultProxy>>): number {
  return seen.filter(({ method }) => method === 'DELETE').length;
}

async function assertSound(repository: Repository): Promise<void> {
  const { damageCount } = await checkRepository(repository, { readDataPercent: 100, signal: noSignal });
  assert.equal(damageCount, 0);
}
