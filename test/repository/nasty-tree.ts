import { chmodSync, chownSync, linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { loadPosixCalls } from '../../posix/calls.ts';

const calls = loadPosixCalls();
const isRoot = process.geteuid?.() === 0;
const second = 1_000_000_000n;

/** Names that break programs which take file names for text. */
const nastyNames: readonly Buffer[] = [
  Buffer.from('plain.txt'),
  Buffer.from(' leading and trailing '),
  Buffer.from('quote"back\\slash'),
  Buffer.from("dollar$(x)`'"),
  Buffer.from('<html>&amp;'),
  Buffer.from('line\nfeed\r\ttab\x01\x7f'),
  Buffer.from('-rf'),
  Buffer.from('*?[a]'),
  Buffer.from('ünïcödé é e\u0301'),
  Buffer.from('emoji 😀 \u{1f9d1}\u200d\u{1f680}'),
  Buffer.from('bidi \u202e txt.exe \u2028\u2029\u00ad\ufeff'),
  Buffer.from('unassigned \u0378 \u{1fae9} \u{e0001}'),
  Buffer.from([0xff, 0xfe, 0x80, 0x41]),
  Buffer.from([0x61, 0xc3, 0x28, 0xe2, 0x82]),
  Buffer.from('n'.repeat(255)),
];

/**
 * Makes a tree with what backup programs get wrong: names, links, modes, times, holes, depth and, as root,
 * owners and devices. The folder must exist.
 */
export function makeNastyTree(folder: string): void {
  makeNames(`${folder}/names`);
  makeContents(`${folder}/contents`);
  makeLinks(`${folder}/links`);
  makeModes(`${folder}/modes`);
  makeTimes(`${folder}/times`);
  makeDepth(`${folder}/deep`, 300);
  makeAttributes(`${folder}/attributes`);
  calls.setTimes(Buffer.from(folder), { atimeNs: 0n, mtimeNs: 1_234_567_890_123_456_789n });
}

function makeNames(folder: string): void {
  mkdirSync(folder);
  for (const name of nastyNames) {
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), name);
    mkdirSync(Buffer.concat([Buffer.from(`${folder}/d`), name.subarray(0, 254)]));
  }
}

function makeContents(folder: string): void {
  mkdirSync(folder);
  writeFileSync(`${folder}/empty`, '');
  writeFileSync(`${folder}/one byte`, 'x');
  writeFileSync(`${folder}/several chunks`, pseudoRandom(6_000_000));
  writeFileSync(`${folder}/compressible`, 'all work and no play\n'.repeat(100_000));
  writeFileSync(`${folder}/sparse`, 'start');
  truncateSync(`${folder}/sparse`, 40_000_000);
  writeFileSync(`${folder}/sparse in the middle`, 'start');
  truncateSync(`${folder}/sparse in the middle`, 30_000_000);
  writeFileSync(`${folder}/sparse in the middle`, 'end', { flag: 'a' });
  mkdirSync(`${folder}/empty folder`);
}

function makeLinks(folder: string): void {
  mkdirSync(folder);
  writeFileSync(`${folder}/b first`, 'linked');
  linkSync(`${folder}/b first`, `${folder}/a earlier name`);
  mkdirSync(`${folder}/sub`);
  linkSync(`${folder}/b first`, `${folder}/sub/later`);
  symlinkSync('b first', `${folder}/symlink`);
  symlinkSync('/does/not/exist', `${folder}/dangling`);
  symlinkSync('.', `${folder}/loop`);
  symlinkSync(Buffer.from([0xff, 0x2f, 0x3c, 0xfe]), `${folder}/bytes`);
  symlinkSync('😀 "quoted" \n\u2028', `${folder}/text`);
  calls.setTimes(Buffer.from(`${folder}/symlink`), { atimeNs: 1n, mtimeNs: 987_654_321_987_654_321n });
}

function makeModes(folder: string): void {
  mkdirSync(folder);
  for (const mode of [0o000, 0o400, 0o755, 0o4755, 0o2711, 0o6777, 0o1644]) {
    const file = `${folder}/file ${mode.toString(8)}`;
    writeFileSync(file, 'x');
    if (isRoot) chownSync(file, 12_345, 54_321);
    chmodSync(file, mode);
    const directory = `${folder}/folder ${mode.toString(8)}`;
    mkdirSync(directory);
    if (isRoot) chmodSync(directory, mode);
  }
  calls.makeNode(Buffer.from(`${folder}/fifo`), 0o010_640, 0n);
  if (!isRoot) {
    for (const file of ['file 0']) chmodSync(`${folder}/${file}`, 0o400);
    return;
  }
  try {
    calls.makeNode(Buffer.from(`${folder}/character`), 0o020_660, 0x103n);
    calls.makeNode(Buffer.from(`${folder}/block`), 0o060_600, 0x0705n);
  } catch {
    // A container may be forbidden to make devices.
  }
}

function makeTimes(folder: string): void {
  mkdirSync(folder);
  const times: Readonly<Record<string, bigint>> = {
    zero: 0n,
    'one nanosecond': 1n,
    'before 1970': -86_400n * second - 1n,
    'as early as ext4 can': -(2n ** 31n) * second,
    'after 2038': 2n ** 31n * second + 999_999_999n,
    'far future': 13_500_000_000n * second + 123_456_789n,
    'summer time': 1_720_000_000n * second + 100n,
  };
  for (const [name, mtimeNs] of Object.entries(times)) {
    writeFileSync(`${folder}/${name}`, name);
    mkdirSync(`${folder}/folder ${name}`);
    calls.setTimes(Buffer.from(`${folder}/${name}`), { atimeNs: 5n, mtimeNs });
    calls.setTimes(Buffer.from(`${folder}/folder ${name}`), { atimeNs: 5n, mtimeNs });
  }
}

function makeDepth(folder: string, levels: number): void {
  let path = folder;
  for (let level = 0; level < levels; level += 1) {
    mkdirSync(path);
    path += '/d';
  }
  writeFileSync(path, 'at the bottom');
}

function makeAttributes(folder: string): void {
  mkdirSync(folder);
  writeFileSync(`${folder}/file`, 'x');
  try {
    calls.setAttribute(Buffer.from(`${folder}/file`), 'user.note', Buffer.from([0, 1, 0xff]));
    calls.setAttribute(Buffer.from(`${folder}/file`), 'user.empty', Buffer.alloc(0));
    calls.setAttribute(Buffer.from(folder), 'user.<&>', Buffer.from('on a folder'));
  } catch {
    // Not every file system has extended attributes.
  }
}

/** The same bytes at every run, which do not compress. */
function pseudoRandom(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 0x9e3779b9;
  for (let offset = 0; offset + 4 <= length; offset += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeUInt32LE(state >>> 0, offset);
  }
  return bytes;
}
