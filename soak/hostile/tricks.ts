import { hash } from 'node:crypto';
import { encodeIndex } from '../../repository/index/index-file.ts';
import type { Random } from '../random.ts';
import { bomb, doubledTrees, fileNode, folderNode, type HostileWriter, linkNode, treeOf } from './writer.ts';

export interface Stage {
  readonly writer: HostileWriter;
  readonly random: Random;
  /** A folder beside the target, with a file `victim`, that nothing may touch. */
  readonly outside: string;
}

/** Plants something hostile; returns the snapshot that holds it, if there is one. */
type Trick = (stage: Stage) => Promise<string | undefined>;

const mebibyte = 1024 * 1024;
const evil = Buffer.from('evil');

const escapingNames = (outside: string): readonly string[] => [
  '..',
  '.',
  '',
  '../outside/victim',
  '../../outside/victim',
  `${outside}/victim`,
  'a/../../outside/victim',
  'a/b',
  '/',
  'nul\0byte',
  '\\x2e\\x2e',
  '\\x2e\\x2e\\x2foutside\\x2fvictim',
  '\\u002e\\u002e',
  'a\\000b',
];

const names: Trick = async ({ writer, random, outside }) => {
  const name = random.pick(escapingNames(outside));
  const node = random.pick([
    fileNode(name, [await writer.data(evil)], evil.length),
    folderNode(name, await writer.tree([fileNode('victim', [await writer.data(evil)], evil.length)])),
    linkNode(name, outside),
  ]);
  const below = await writer.tree([node]);
  return writer.snapshot(await writer.tree([folderNode('a', below)]));
};

const writeThrough: Trick = async ({ writer, random, outside }) => {
  const content = [await writer.data(evil)];
  const victim = await writer.tree([fileNode('victim', content, evil.length)]);
  const nodes = random.pick([
    [linkNode('a', outside), folderNode('a', victim)],
    [folderNode('a', victim), linkNode('a', outside)],
    [linkNode('a', `${outside}/victim`), fileNode('a', content, evil.length)],
    [linkNode('b', outside), folderNode('a', victim)],
    [linkNode('a', '../outside'), linkNode('a', outside), folderNode('a', victim)],
    [linkNode('A', outside), folderNode('a', victim)],
    [linkNode('a', outside), folderNode('b', await writer.tree([linkNode('c', '../a/victim')]))],
  ]);
  return writer.snapshot(await writer.tree(nodes));
};

const hardLinks: Trick = async ({ writer, random, outside }) => {
  const content = [await writer.data(evil)];
  const same = { links: 2, inode: 7, device_id: 1 };
  const file = (name: string) => fileNode(name, content, evil.length, same);
  const nodes = random.pick([
    [linkNode('a', `${outside}/victim`, same), file('b'), file('c')],
    [file('a'), file('b'), linkNode('c', outside, same)],
    [folderNode('a', await writer.tree([linkNode('x', outside, same), file('y')])), file('z')],
    [fileNode('a', content, 5, same), file('b')],
  ]);
  return writer.snapshot(await writer.tree(nodes));
};

const metadata: Trick = async ({ writer, random }) => {
  const content = [await writer.data(evil)];
  const change = random.pick<object>([
    { extended_attributes: [{ name: 'user.x', value: Buffer.alloc(100_000).toString('base64') }] },
    {
      extended_attributes: [
        { name: '../x\0', value: 'AA==' },
        { name: '', value: '' },
      ],
    },
    { extended_attributes: [{ name: 'security.capability', value: random.bytes(20).toString('base64') }] },
    { mtime: '9999-12-31T23:59:59.999999999Z', atime: '0000-01-01T00:00:00Z' },
    { mtime: '2026-02-30T00:00:00Z' },
    { mtime: 'yesterday' },
    { mode: 2 ** 32 - 1 },
    { mode: -1 },
    { uid: 2 ** 32 - 1, gid: 2 ** 32 - 2 },
    { uid: 1e300 },
    { links: 2 ** 53, inode: '7' },
    { type: 'dev', device: 0x0700 },
    { type: 'chardev', device: 2 ** 60 },
    { type: 'irregular' },
    { type: 'socket' },
    { type: 'fifo' },
    { type: 'symlink', linktarget: 'a\0b' },
    { type: 'symlink' },
    { type: 'symlink', linktarget: 'x'.repeat(10_000) },
    { type: 'constructor' },
    { name: 'x'.repeat(300) },
    { name: '\u202etxt.exe\u001b[31m\n' },
  ]);
  return writer.snapshot(await writer.tree([fileNode('a', content, evil.length, change)]));
};

const sizes: Trick = async ({ writer, random }) => {
  const content = [await writer.data(evil)];
  const node = random.pick([
    fileNode('a', content, 2 ** 52),
    fileNode('a', content, -1),
    fileNode('a', [], 1),
    fileNode(
      'a',
      Array.from({ length: 100_000 }, () => content[0] ?? ''),
      1,
    ),
    fileNode('a', ['0'.repeat(64)], evil.length),
    fileNode('a', ['../../x'], evil.length),
    fileNode('a', content, evil.length, { content: null }),
    fileNode('a', content, evil.length, { size: 1e30 }),
  ]);
  return writer.snapshot(await writer.tree([node]));
};

const prototypes: Trick = async ({ writer, random }) => {
  const key = random.pick(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']);
  const value = '{"polluted":true,"type":"file","name":"..","isFile":true}';
  const content = await writer.data(evil);
  const name = JSON.stringify(fileNode(key, [content], evil.length));
  const node = `${name.slice(0, -1)},"${key}":${value},"generic_attributes":{"${key}":${value}}}`;
  const [tree = ''] = await writer.blobs('tree', [Buffer.from(`{"${key}":${value},"nodes":[${node}]}\n`)]);
  await writer.plant('index', Buffer.from(`{"${key}":${value},"packs":[],"supersedes":["${key}"]}`));
  return writer.plant(
    'snapshots',
    Buffer.from(`{"time":"2026-01-01T00:00:00Z","tree":"${tree}","paths":["${key}"],"${key}":${value}}`),
  );
};

const depth: Trick = async ({ writer, random }) => {
  const levels = random.pick([100, 4095, 4096, 6000]);
  const trees: Buffer[] = [treeOf([])];
  for (let level = 0; level < levels; level += 1)
    trees.push(treeOf([folderNode('d', hash('sha256', trees.at(-1) ?? ''))]));
  const ids = await writer.blobs('tree', trees);
  return writer.snapshot(ids.at(-1));
};

/** A few kilobytes that are up to 2^32 folders. */
const laughter: Trick = async ({ writer, random }) => {
  const ids = await writer.blobs('tree', doubledTrees(random.pick([4, 10, 32])));
  return writer.snapshot(ids.at(-1));
};

const confusion: Trick = async ({ writer, random }) => {
  const data = await writer.data(treeOf([]));
  const tree = await writer.tree([]);
  const file = fileNode('a', [tree], 13);
  const root = random.pick<unknown>([data, tree.toUpperCase(), '../config', null, 7, {}, [tree]]);
  if (random.below(2) === 0) return writer.snapshot(root);
  const node = random.pick([
    file,
    folderNode('a', data.slice(1)),
    folderNode('a', null),
    { name: 'a' },
    null,
    1,
  ]);
  return writer.snapshot(await writer.tree([node]));
};

const bombs: Trick = async ({ writer, random }) => {
  const claimed = random.pick([0, 1, 4 * mebibyte, 64 * mebibyte, 2 ** 31, 2 ** 32 - 1]);
  const start = Buffer.from('{"nodes":[]}');
  const content = bomb(64 * mebibyte, start);
  const id = random.pick([hash('sha256', start), hash('sha256', content)]);
  const type = random.pick(['tree', 'data'] as const);
  await writer.pack([{ type, id, content, uncompressedLength: claimed }]);
  return writer.snapshot(type === 'tree' ? id : await writer.tree([fileNode('a', [id], claimed)]));
};

const sealedBombs: Trick = async ({ writer, random }) => {
  const type = random.pick(['index', 'snapshots', 'locks'] as const);
  await writer.plant(
    type,
    Buffer.concat([Buffer.of(2), bomb(random.pick([70, 70, 70, 300]) * mebibyte, Buffer.from('{"time":"'))]),
  );
  return undefined;
};

const indexLies: Trick = async ({ writer, random }) => {
  const content = await writer.data(evil);
  const tree = await writer.tree([fileNode('a', [content], evil.length)]);
  const pack = random.pick(['0'.repeat(64), content, tree]);
  const lie = {
    type: random.pick(['data', 'tree'] as const),
    id: random.pick([content, tree, 'f'.repeat(64)]),
    offset: random.pick([0, 1, 2 ** 32 - 1]),
    length: random.pick([0, 1, 31, 32, 36, 2 ** 31, 2 ** 32 - 1]),
    uncompressedLength: random.pick([1, 4, 2 ** 32 - 1]),
  };
  await writer.plant('index', encodeIndex([{ id: pack, blobs: [lie, lie] }]));
  return writer.snapshot(tree);
};

const packLies: Trick = async ({ writer, random }) => {
  const content = Buffer.from('content');
  const blob = { type: 'data' as const, id: hash('sha256', content), content };
  const [id = ''] = await writer.pack([blob], (packed) => ({
    ...packed,
    length: random.pick([0, packed.length - 1, packed.length + 1, 2 ** 32 - 1]),
  }));
  const bytes = random.bytes(100 + random.below(200));
  bytes.writeUInt32LE(random.pick([0, 31, 32, 96, 2 ** 31, 2 ** 32 - 1]), bytes.length - 4);
  await writer.plantPack(bytes);
  return writer.snapshot(await writer.tree([fileNode('a', [id], content.length)]));
};

const odd: Trick = async ({ writer, random }) => {
  const json = random.pick([
    '',
    'null',
    '[]',
    '{}',
    '{"packs":7}',
    '{"packs":[null]}',
    '{"packs":[{"id":"..","blobs":[]}]}',
    '{"time":"2026-01-01T00:00:00Z","exclusive":true,"pid":-1}',
    '{"time":"9999-99-99T00:00:00Z","tree":"x","paths":[1]}',
    `${'['.repeat(200_000)}${']'.repeat(200_000)}`,
    `{"a":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}}`,
    `{"time":"${'9'.repeat(1_000_000)}"}`,
  ]);
  await writer.plant(random.pick(['index', 'snapshots', 'locks'] as const), Buffer.from(json));
  return undefined;
};

const configs: Trick = async ({ writer, random }) => {
  const polynomial = random.pick(['0', '1', 'f'.repeat(16), 'f'.repeat(100_000), '-3', '3da3358b4dc172', '']);
  const config = random.pick<object>([
    { version: 2, id: 'a'.repeat(64), chunker_polynomial: polynomial },
    { version: 2, id: '../x', chunker_polynomial: '3da3358b4dc173' },
    { version: random.pick([-1, 0, 1, 3, 1e300]), id: 'a'.repeat(64), chunker_polynomial: '3da3358b4dc173' },
    { version: '2' },
    {},
  ]);
  await writer.plant('config', Buffer.from(JSON.stringify(config)));
  return undefined;
};

export const tricks: Readonly<Record<string, Trick>> = {
  'names that lead out': names,
  'writing through a link': writeThrough,
  'hard links to elsewhere': hardLinks,
  'impossible metadata': metadata,
  'impossible sizes': sizes,
  'keys with a meaning in JavaScript': prototypes,
  'very deep trees': depth,
  'trees that hold themselves many times': laughter,
  'ids of another type': confusion,
  'decompression bombs in packs': bombs,
  'decompression bombs outside of packs': sealedBombs,
  'lies in an index': indexLies,
  'lies in a pack': packLies,
  'JSON that is not what it should be': odd,
  'a config that is not what it should be': configs,
};
