import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Sentences of docs/repository.md, and for each the test that holds it: its file below test/, and its title. */
const held: readonly (readonly [sentence: string, file: string, title: string])[] = [
  [
    'Every file but `config` and `moved` is named by the SHA-256 of its bytes',
    'repository/damage.test.ts',
    'any changed byte',
  ],
  [
    'On a local file system folders have mode 700 and files 600',
    'stores/local.test.ts',
    'only the owner may read',
  ],
  [
    'We refuse parameters that would take more memory',
    'repository/keys/keys.test.ts',
    'asks for huge memory is refused',
  ],
  [
    'The MAC is checked before anything is decrypted',
    'repository/crypto/sealing.test.ts',
    'any bit changed does not open',
  ],
  ['Nonces are random', 'repository/crypto/sealing.test.ts', 'sealed to other bytes each time'],
  ['a commit that is run twice writes the same file', 'repository/snapshot.test.ts', 'is committed again'],
  [
    '512 KiB at least, 8 MiB at most',
    'repository/chunker/chunker.test.ts',
    'no end is found below the least length',
  ],
  [
    "The cuts are restic's",
    'repository/interop/files.server.test.ts',
    'finds all our data in the repository',
  ],
  [
    'Data that does not compress is stored as it is',
    'repository/writer/writer.test.ts',
    'random data is not',
  ],
  [
    'Data blobs and tree blobs go into packs of their own',
    'repository/writer/writer.test.ts',
    'packs of their own',
  ],
  ['an index that is lost can be rebuilt', 'repository/check/check.test.ts', 'a lost index is written anew'],
  ['byte for byte as restic 0.19.1 writes it', 'repository/interop/files.server.test.ts', 'byte for byte'],
  [
    'packs, each whole and durable before anything names it',
    'repository/writer/writer.test.ts',
    'never names a pack that is not stored',
  ],
  [
    'A crash between any two steps leaves a valid repository',
    'repository/writer/kill.test.ts',
    'is finished by the next',
  ],
  ['which fails if the name is taken', 'stores/conformance.ts', 'a name that is taken keeps its file'],
  [
    'verified by its name, and read from the store where that fails',
    'stores/cache.test.ts',
    'not whole is read from the store',
  ],
  ['A lock is refreshed every five minutes', 'repository/lock/lock.test.ts', 'refreshed after five minutes'],
  [
    'loses its lock, and stops before its next write',
    'repository/lock/lock.test.ts',
    'writes and removes nothing more',
  ],
  [
    'The time of the last access is kept with `--with-atime` alone',
    'cli/commands/repo-backup.test.ts',
    'kept when they are wanted',
  ],
  [
    'One that vanishes, changes while it is read or cannot be read is a warning',
    'repository/archive/archiver.test.ts',
    'is a warning, and the rest is stored',
  ],
  [
    'size, modification time, change time and inode are the same',
    'repository/archive/archiver.test.ts',
    'another change time is read again',
  ],
  [
    'A tree with a name like `..` or `a/b` is refused',
    'repository/tree/trees.test.ts',
    'leads out of its folder is refused',
  ],
  [
    'of a large one only what differs is written',
    'cli/commands/repo-restore.test.ts',
    'only what differs is written',
  ],
  [
    'everything else is restored, and the restore fails at its end',
    'repository/restore/restorer.test.ts',
    'damage is told at the end',
  ],
  ['Blobs of zeros become holes', 'repository/restore/restorer.test.ts', 'holes stay holes'],
  [
    "Its rules are restic's and keep what restic keeps",
    'repository/interop/forget.server.test.ts',
    'keeps the snapshots that restic',
  ],
  ['at most `--max-unused`', 'repository/prune/prune.test.ts', 'unused bytes may stay up to a limit'],
  [
    "The plan has the numbers of restic's",
    'repository/interop/prune.server.test.ts',
    'the numbers of restic',
  ],
  ['a prune that is killed loses nothing', 'repository/prune/kill.test.ts', 'loses nothing'],
  [
    'With a delay, as `resguardo prune` has it',
    'repository/prune/delayed.server.test.ts',
    'marks what is not needed',
  ],
  [
    'It removes nothing when a needed blob is in no index',
    'repository/prune/prune.test.ts',
    'refuses, and removes nothing',
  ],
  [
    'Once it is lost, the store refuses to write and to remove',
    'repository/prune/prune.test.ts',
    'lost its lock stops',
  ],
  [
    'so neither program copies it twice',
    'repository/interop/copy.server.test.ts',
    'is not made twice by either',
  ],
  ['Damage is reported by the name of the object', 'repository/check/check.test.ts', 'damage names the pack'],
];

const page = words(readFileSync(join(root, 'docs/repository.md'), 'utf8'));

for (const [sentence, file, title] of held) {
  test(`"${sentence}" stands in the manual, and a test holds it`, () => {
    assert.ok(page.includes(sentence), 'it stands in docs/repository.md');
    const titles = readFileSync(join(root, 'test', file), 'utf8').matchAll(
      /\btest\(\s*(?:title\()?([`'"])(.*?)\1[,)]/gs,
    );
    const found = [...titles].some(([, , text = '']) => text.includes(title));
    assert.ok(found, `test/${file} has a test with "${title}"`);
  });
}

/** A text in one line, whatever its lines and lists are. */
function words(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}
