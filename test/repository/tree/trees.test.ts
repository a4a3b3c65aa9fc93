import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import { decodeTree } from '../../../repository/tree/decode.ts';
import { encodeNode, encodeTree } from '../../../repository/tree/encode.ts';
import type { TreeNode } from '../../../repository/tree/node.ts';

const id = 'a'.repeat(64);
const newfoundland = () => -12_600;

/** A tree that restic 0.19.1 wrote with TZ=America/St_Johns. */
const golden = String.raw`{"nodes":[{"name":"a\u0026b","type":"file","mode":12583405,"mtime":"2024-01-01T23:34:05.12-03:30","atime":"2024-01-01T23:34:05.12-03:30","ctime":"2026-11-21T04:23:19.747408973-03:30","uid":12345,"gid":54321,"inode":10511272,"device_id":65024,"size":3,"links":1,"content":["ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"]},{"name":"l","type":"symlink","mode":134218239,"mtime":"2026-11-21T04:23:19.739408973-03:30","atime":"2026-11-21T04:23:19.739408973-03:30","ctime":"2026-11-21T04:23:19.739408973-03:30","uid":0,"gid":0,"user":"root","group":"root","inode":10511274,"device_id":65024,"links":1,"linktarget":"to\ufffd\u003c","linktarget_raw":"dG//PA==","content":null},{"name":"sub\u003cdir\u003e","type":"dir","mode":2147484141,"mtime":"2024-01-01T23:34:05.12-03:30","atime":"2024-01-01T23:34:05.12-03:30","ctime":"2026-11-21T04:23:19.751408973-03:30","uid":0,"gid":0,"user":"root","group":"root","inode":10511271,"device_id":65024,"content":null,"subtree":"ac08ce34ba4f8123618661bef2425f7028ffb9ac740578a3ee88684d2523fee8"},{"name":"\\xff\\x01\\u2028é😀\\\"\\\\","type":"file","mode":420,"mtime":"2024-01-01T23:34:05.12-03:30","atime":"2024-01-01T23:34:05.12-03:30","ctime":"2026-11-21T04:23:19.751408973-03:30","uid":0,"gid":0,"user":"root","group":"root","inode":10511273,"device_id":65024,"size":1,"links":1,"content":["2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"]}]}
`;

function encode(nodes: readonly TreeNode[]): string {
  return encodeTree(nodes.map((node) => encodeNode(node, newfoundland))).toString();
}

function decode(text: string): readonly TreeNode[] {
  return decodeTree(Buffer.from(text), id);
}

function nodeNamed(name: string | Buffer, more: Partial<TreeNode> = {}): TreeNode {
  const times = { mtimeNs: 0n, atimeNs: 0n, ctimeNs: 0n };
  return {
    name: Buffer.from(name),
    type: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    content: [],
    ...times,
    ...more,
  };
}

test('a tree of restic is decoded and encoded to the same bytes', () => {
  assert.equal(encode(decode(golden)), golden);
});

test('an empty tree is written as restic writes it', () => {
  assert.equal(encode([]), '{"nodes":[]}\n');
});

test('nodes are put in the order of the bytes of their names', () => {
  // Sorted by UTF-16 units, U+FFFD would come after the emoji.
  const names = ['😀', '\ufffd', 'b', 'B', 'a.b', 'a'].map((name) => nodeNamed(name));
  const order = decode(encode(names)).map((node) => node.name.toString());
  assert.deepEqual(order, ['B', 'a', 'a.b', 'b', '\ufffd', '😀']);
});

test('two nodes of one name cannot be encoded', () => {
  assert.throws(() => encode([nodeNamed('a'), nodeNamed('a')]), RangeError);
});

test('numbers beyond 2^53 survive', () => {
  const node = nodeNamed('big', {
    inode: 2n ** 64n - 1n,
    deviceId: 2n ** 53n + 1n,
    device: 2n ** 60n,
    size: 2n ** 62n,
  });
  const [decoded] = decode(encode([node]));
  assert.deepEqual(decoded, node);
});

test('extended and generic attributes come back', () => {
  const node = nodeNamed('attributes', {
    extendedAttributes: [{ name: 'user.<note>', value: Buffer.from([0, 255]) }],
    genericAttributes: { 'windows.file_attributes': 32, 'windows.creation_time': { LowDateTime: 1 } },
  });
  const text = encode([node]);
  assert.match(
    text,
    /"generic_attributes":\{"windows\.creation_time":\{"LowDateTime":1\},"windows\.file_attributes":32\}/,
  );
  assert.deepEqual(decode(text), [node]);
});

test('a tree with a name that leads out of its folder is refused', () => {
  for (const name of ['..', '.', '../x', '/etc', 'a/b', 'a\0b']) {
    const text = encode([nodeNamed(name)]);
    assert.throws(
      () => decode(text),
      (error) => isFailure(error, 'PathEscape'),
      name,
    );
  }
});

test('a damaged tree is refused, and the message names it', () => {
  const node =
    '"type":"file","mtime":"1970-01-01T00:00:00Z","atime":"1970-01-01T00:00:00Z","ctime":"1970-01-01T00:00:00Z","uid":0,"gid":0,"content":[]';
  const wrong = [
    '',
    'null',
    '[]',
    '{}',
    '{"nodes":{}}',
    '{"nodes":[1]}',
    `{"nodes":[{"name":"",${node}}]}`,
    `{"nodes":[{"name":"\\\\q",${node}}]}`,
    `{"nodes":[{"name":"b",${node}},{"name":"a",${node}}]}`,
    `{"nodes":[{"name":"a",${node}},{"name":"a",${node}}]}`,
    `{"nodes":[{"name":"a",${node.replace('"file"', '"door"')}}]}`,
    `{"nodes":[{"name":"a",${node.replace('"uid":0', '"uid":-1')}}]}`,
    `{"nodes":[{"name":"a",${node.replace('1970', 'long ago')}}]}`,
    `{"nodes":[{"name":"a",${node.replace('[]', '["../../x"]')}}]}`,
    `{"nodes":[{"name":"a","size":-1,${node}}]}`,
    `{"nodes":[{"name":"a","size":99999999999999999999999,${node}}]}`,
  ];
  for (const text of wrong) {
    assert.throws(
      () => decode(text),
      (error) => isFailure(error, 'RepositoryDamaged') && error.message.includes(id.slice(0, 8)),
      text,
    );
  }
});

test('keys that JavaScript gives a meaning to have none in a tree', () => {
  const nodes = decode(
    golden.replace('{"name":"l"', '{"__proto__":{"type":"dir"},"constructor":1,"name":"l"'),
  );
  assert.equal(nodes[1]?.type, 'symlink');
});

test('a number beyond 2^53 where a type should be is damage', () => {
  const tree = Buffer.from('{"nodes":[{"name":"a","mtime":"2026-01-01T00:00:00Z","type":9007199254740993}]}');
  assert.throws(() => decodeTree(tree, 'ab'.repeat(32)), /ababab.* is damaged/);
});
