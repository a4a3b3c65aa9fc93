import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { encodeMetadata, encodeNode, encodeTree } from '../../../repository/tree/encode.ts';
import type { TreeNode } from '../../../repository/tree/node.ts';
import { RawTree } from '../../../repository/tree/raw-tree.ts';
import { arbitraryId } from '../arbitrary.ts';

const greenwich = () => 0;

const arbitraryStored = fc.oneof(
  fc.record({ type: fc.constant('file' as const), content: fc.array(arbitraryId, { maxLength: 4 }) }),
  fc.record({ type: fc.constant('dir' as const), subtree: arbitraryId }),
  fc.record({ type: fc.constant('symlink' as const), linkTarget: fc.constant(Buffer.from('","type":"')) }),
);

/** Names of few characters, those of the format among them, so that one is often the start of another. */
const arbitraryName = fc
  .stringMatching(/^[ab"\\,:{}\][éÿ]{1,4}$/)
  .map((text) => Buffer.from(`${text}","type":"`.slice(0, text.length + (text.length % 2) * 10)));

const arbitraryNode: fc.Arbitrary<TreeNode> = fc
  .tuple(arbitraryName, arbitraryStored, fc.integer({ min: 0, max: 3 }))
  .map(([name, stored, time]) => ({
    name,
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtimeNs: BigInt(time),
    atimeNs: BigInt(time),
    ctimeNs: BigInt(time),
    ...(stored.type === 'file' && time === 3
      ? { extendedAttributes: [{ name: 'user.a","type":"', value: Buffer.from('b') }] }
      : {}),
    ...stored,
  }));

const arbitraryNodes = fc
  .uniqueArray(arbitraryNode, { selector: ({ name }) => name.toString('latin1'), maxLength: 12 })
  .map((nodes) => nodes.toSorted((a, b) => Buffer.compare(a.name, b.name)));

function treeOf(nodes: readonly TreeNode[]): RawTree {
  return new RawTree(encodeTree(nodes.map((node) => encodeNode(node, greenwich))));
}

function metadataOf(node: TreeNode): Buffer {
  return encodeMetadata(node.name, node, greenwich).json;
}

test('every node of a tree is found by its metadata, in turn, as it stands there', () => {
  fc.assert(
    fc.property(arbitraryNodes, (nodes) => {
      const tree = treeOf(nodes);
      for (const node of nodes) {
        const found = tree.match(metadataOf(node));
        assert.deepEqual(found?.json, encodeNode(node, greenwich).json);
        assert.deepEqual(found?.content, node.content);
        assert.equal(found?.subtree, node.subtree);
      }
    }),
  );
});

test('of a folder that has changed, just the nodes that are as they were are found', () => {
  fc.assert(
    fc.property(arbitraryNodes, arbitraryNodes, (before, after) => {
      const tree = treeOf(before);
      const earlier = new Map(before.map((node) => [metadataOf(node).toString(), node]));
      for (const node of after) {
        const metadata = metadataOf(node);
        const found = tree.match(metadata);
        const expected = earlier.get(metadata.toString());
        assert.deepEqual(found?.json, expected && encodeNode(expected, greenwich).json);
      }
    }),
  );
});

test('a tree is matched whole when its nodes are all that the folder has, and then only', () => {
  fc.assert(
    fc.property(arbitraryNodes, arbitraryNodes, fc.nat(), (before, others, at) => {
      const tree = treeOf(before);
      for (const node of before) tree.match(metadataOf(node));
      assert.ok(tree.isMatchedWhole);
      const fewer = before.filter((_, index) => index !== at % Math.max(1, before.length));
      for (const after of [fewer, others]) {
        const compared = treeOf(before);
        const matched = after.filter((node) => compared.match(metadataOf(node)) !== undefined);
        const isSame = isDeepStrictEqual(matched, before);
        assert.equal(compared.isMatchedWhole, isSame);
      }
    }),
  );
});

test('a tree with anything before, between or behind its nodes is not matched whole', () => {
  const [metadata, node] = [
    '{"name":"a","type":"file","uid":0',
    '{"name":"a","type":"file","uid":0,"content":[]}',
  ];
  const other = node.replace('"a"', '"b"');
  for (const text of [
    `{"nodes":[${node}],"later":1}\n`,
    `{"nodes":[${node}]}`,
    `{"Nodes":[${node}]}\n`,
    `{"nodes":[${node} ]}\n`,
    `{"nodes":[${node},]}\n`,
  ]) {
    const tree = new RawTree(Buffer.from(text));
    tree.match(Buffer.from(metadata));
    assert.equal(tree.isMatchedWhole, false, text);
  }
  const tree = new RawTree(Buffer.from(`{"nodes":[${node};${other}]}\n`));
  tree.match(Buffer.from(metadata));
  tree.match(Buffer.from(metadata.replace('"a"', '"b"')));
  assert.equal(tree.isMatchedWhole, false);
});

test('a node with fields behind its content is not taken for known', () => {
  const [metadata, end] = ['{"name":"a","type":"file","uid":0', ',"content":[]'];
  const tree = new RawTree(Buffer.from(`{"nodes":[${metadata}${end},"error":"x"},${metadata}${end}}]}\n`));
  assert.equal(tree.match(Buffer.from(metadata)), undefined);
});

test('a file of very many chunks is found', () => {
  const content = Array.from({ length: 300_000 }, (_, index) => index.toString(16).padStart(64, '0'));
  const times = { mtimeNs: 0n, atimeNs: 0n, ctimeNs: 0n };
  const node = { name: Buffer.from('a'), type: 'file' as const, mode: 0, uid: 0, gid: 0, ...times, content };
  assert.equal(treeOf([node]).match(metadataOf(node))?.content?.length, content.length);
});
