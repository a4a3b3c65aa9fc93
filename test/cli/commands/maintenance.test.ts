import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  type CommandEnd,
  jsonLinesOf,
  jsonOf,
  makeRepository,
  runCommand,
  temporaryFolder,
} from '../command-line.ts';

interface Prepared {
  readonly folder: string;
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  /** Ids, the oldest first. */
  readonly snapshots: readonly string[];
  readonly run: (...args: readonly string[]) => Promise<CommandEnd>;
}

/** A repository with some snapshots of a file that is another one each time. */
async function prepared(t: TestContext, count: number): Promise<Prepared> {
  const folder = await temporaryFolder(t);
  const { env, path } = await makeRepository(folder);
  const run = (...args: readonly string[]): Promise<CommandEnd> => runCommand(args, { env, cwd: folder });
  const snapshots: string[] = [];
  for (let index = 0; index < count; index += 1) {
    await writeFile(join(folder, 'file'), `content ${index} `.repeat(1000));
    const backup = jsonLinesOf(await run('repo', 'backup', 'file', '--host', 'h', '--json')).at(-1);
    snapshots.push(String(backup?.snapshot));
  }
  return { folder, path, env, snapshots, run };
}

async function snapshotIds({ path }: Prepared): Promise<readonly string[]> {
  return (await readdir(join(path, 'snapshots'))).sort();
}

test('forget keeps what a rule keeps, tells why, and prunes what is needed no more', async (t) => {
  const made = await prepared(t, 3);
  const [oldest = '', middle = '', newest = ''] = made.snapshots;
  const dry = await made.run('repo', 'forget', '--keep-last', '1', '--prune', '--dry-run', '--json');
  const planned = jsonLinesOf(dry).at(-1);
  assert.partialDeepStrictEqual(planned, { dryRun: true, removed: [middle, oldest] });
  assert.deepEqual(await snapshotIds(made), [...made.snapshots].sort());

  const shown = await made.run('repo', 'forget', '--keep-last', '1', '--prune');
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, new RegExp(`${newest.slice(0, 8)} .*last snapshot`));
  assert.match(shown.stdout, /Freed .*\nMarked .*\n\nRemoved 2 snapshots\n$/);
  assert.deepEqual(await snapshotIds(made), [newest]);
  const check = await made.run('repo', 'check', '--read-data');
  assert.equal(check.code, 0, check.stdout);
  assert.match(check.stdout, /packs? (is|are) marked by a prune/);
  const later = await made.run('repo', 'forget', '--keep-last', '1', '--prune', '--delete-delay', '0s');
  assert.match(later.stdout, /Freed [1-9].*\n\nRemoved 0 snapshots\n$/);
});

test('forget without a rule, or for all snapshots of a group, is refused', async (t) => {
  const made = await prepared(t, 1);
  const none = await made.run('repo', 'forget', '--source', 'x');
  assert.equal(none.code, 2);
  assert.match(none.stderr, /What is to be kept\?/);
  const wrong = await made.run('repo', 'forget', '--keep-daily', 'many');
  assert.equal(wrong.code, 2);
  const strange = await made.run('repo', 'forget', 'ffffffff');
  assert.equal(strange.code, 1);
  assert.match(strange.stderr, /is not there. Nothing was removed/);
  assert.deepEqual(await snapshotIds(made), made.snapshots);
});

test('a hold keeps a snapshot from every way of forgetting, until it is taken away', async (t) => {
  const made = await prepared(t, 2);
  const [oldest = '', newest = ''] = made.snapshots;
  const tagged = jsonOf(await made.run('repo', 'tag', oldest.slice(0, 10), '--add', 'hold,case-7', '--json'));
  const { changed } = tagged as { changed: readonly { readonly old: string; readonly new: string }[] };
  const [change] = changed;
  assert.ok(change);
  assert.equal(change.old, oldest);
  assert.deepEqual(await snapshotIds(made), [newest, change.new].sort());
  const [held] = jsonOf(await made.run('repo', 'snapshots', '--tag', 'hold', '--json')) as Record<
    string,
    unknown
  >[];
  assert.partialDeepStrictEqual(held, { tags: ['hold', 'case-7'], original: oldest });

  await made.run('repo', 'forget', '--keep-last', '1', '--yes');
  assert.equal((await snapshotIds(made)).length, 2);
  const named = await made.run('repo', 'forget', change.new);
  assert.equal(named.code, 2);
  assert.match(named.stderr, /has a hold/);

  const again = jsonOf(await made.run('repo', 'tag', change.new, '--add', 'hold', '--json'));
  assert.deepEqual(again, { changed: [] }, 'a tag that is there changes nothing');
  await made.run('repo', 'tag', change.new, '--set', '');
  const gone = await made.run('repo', 'forget', '--keep-last', '1', '--yes');
  assert.equal(gone.code, 0, gone.stderr);
  assert.deepEqual(await snapshotIds(made), [newest]);
});

test('prune shows its plan, changes nothing in a dry run, and speaks JSON', async (t) => {
  const made = await prepared(t, 2);
  const [oldest = ''] = made.snapshots;
  await made.run('repo', 'forget', oldest);
  const dry = await made.run('repo', 'prune', '--dry-run', '--max-unused', '0');
  assert.match(dry.stdout, /Unused .* blobs?/);
  assert.match(dry.stdout, /Nothing was changed/);
  const done = jsonLinesOf(await made.run('repo', 'prune', '--max-unused', '0', '--json')).at(-1);
  assert.partialDeepStrictEqual(done, { event: 'result', dryRun: false });
  const again = jsonLinesOf(await made.run('repo', 'prune', '--max-unused', '0', '--json')).at(-1);
  assert.partialDeepStrictEqual(again, { packsRemoved: 0, packsWritten: 0 });
  const wrong = await made.run('repo', 'prune', '--max-unused', '100%');
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /below 100 %/);
});

test('passwords are added, listed, changed and removed, but never the one in use', async (t) => {
  const made = await prepared(t, 1);
  const file = join(made.folder, 'second.key');
  await writeFile(file, 'second password\n');
  const add = ['repo', 'key', 'add', '--new-password-file', 'second.key', '--user', 'ann', '--json'];
  const { added } = jsonOf(await made.run(...add)) as { added: string };
  const keys = jsonOf(await made.run('repo', 'key', 'list', '--json')) as Record<string, unknown>[];
  assert.equal(keys.length, 2);
  const first = keys.find(({ current }) => current === true);
  assert.partialDeepStrictEqual(
    keys.find(({ id }) => id === added),
    { username: 'ann', current: false },
  );

  const inUse = await made.run('repo', 'key', 'remove', String(first?.id));
  assert.equal(inUse.code, 2);
  assert.match(inUse.stderr, /is the one in use/);
  const removed = await made.run('repo', 'key', 'remove', added.slice(0, 12));
  assert.equal(removed.code, 0, removed.stderr);
  const refused = await made.run('repo', 'snapshots', '--password-file', 'second.key');
  assert.equal(refused.code, 12);

  const passwd = await made.run('repo', 'key', 'passwd', '--new-password-file', 'second.key');
  assert.equal(passwd.code, 0, passwd.stderr);
  assert.equal((await made.run('repo', 'snapshots')).code, 12, 'the old password opens no more');
  const opened = await made.run('repo', 'snapshots', '--password-file', 'second.key');
  assert.equal(opened.code, 0, opened.stderr);
  const same = ['--password-file', 'second.key', '--new-password-file', 'second.key'];
  const unchanged = await made.run('repo', 'key', 'passwd', ...same);
  assert.equal(unchanged.code, 2);
  assert.equal((await readdir(join(made.path, 'keys'))).length, 1);
});
