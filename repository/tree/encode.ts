/** Trees as JSON, byte for byte as restic 0.19.1 writes them, so that equal folders have equal ids. */
import { isUtf8 } from 'node:buffer';
import { goString, goStringOfBytes, goValue } from './go-json.ts';
import type { NodeMetadata, TreeNode } from './node.ts';
import { quoteName } from './quote.ts';
import { formatTime, type UtcOffset } from './time.ts';

/** A node ready to be put into its tree. */
export interface EncodedNode {
  readonly name: Buffer;
  /** As bytes: strings made of parts take several times the memory. */
  readonly json: Buffer;
}

/** What a node begins with: all that is known before its content is stored. */
export interface EncodedMetadata {
  readonly name: Buffer;
  readonly json: Buffer;
}

type Metadata = NodeMetadata & Pick<TreeNode, 'genericAttributes'>;

/** What is known of a node when its content is stored. */
export type StoredFields = Pick<TreeNode, 'content' | 'subtree' | 'error'>;

export function encodeNode(node: TreeNode, utcOffset: UtcOffset): EncodedNode {
  const json = metadataFields(node.name, node, utcOffset) + storedFields(node);
  return { name: node.name, json: Buffer.from(json, 'utf8') };
}

export function encodeMetadata(name: Buffer, metadata: NodeMetadata, utcOffset: UtcOffset): EncodedMetadata {
  return { name, json: Buffer.from(metadataFields(name, metadata, utcOffset), 'utf8') };
}

/** The node that begins so. */
export function completeNode({ name, json }: EncodedMetadata, stored: StoredFields): EncodedNode {
  const rest = storedFields(stored);
  const bytes = Buffer.byteLength(rest, 'utf8');
  const node = Buffer.allocUnsafe(json.length + bytes);
  json.copy(node);
  node.write(rest, json.length, 'utf8');
  return { name, json: node };
}

function metadataFields(name: Buffer, node: Metadata, utcOffset: UtcOffset): string {
  const mtime = formatTime(node.mtimeNs, utcOffset);
  const atime = node.atimeNs === node.mtimeNs ? mtime : formatTime(node.atimeNs, utcOffset);
  const ctime = node.ctimeNs === node.mtimeNs ? mtime : formatTime(node.ctimeNs, utcOffset);
  return (
    `{"name":${goString(quoteName(name))},"type":"${node.type}"${numberField('mode', node.mode)}` +
    `,"mtime":"${mtime}","atime":"${atime}","ctime":"${ctime}","uid":${node.uid},"gid":${node.gid}` +
    `${textField('user', node.user)}${textField('group', node.group)}` +
    `${numberField('inode', node.inode)}${numberField('device_id', node.deviceId)}` +
    `${numberField('size', node.size)}${numberField('links', node.links)}` +
    `${linkFields(node)}${attributeFields(node)}${numberField('device', node.device)}`
  );
}

function storedFields({ content, subtree, error }: StoredFields): string {
  return `,"content":${contentValue(content)}${textField('subtree', subtree)}${textField('error', error)}}`;
}

/**
 * Puts nodes in the order of their names' bytes and makes a tree of them.
 * @throws {RangeError} two nodes have one name; the caller must have made names unique
 */
export function encodeTree(nodes: readonly EncodedNode[]): Buffer {
  const sorted = inOrder(nodes) ? nodes : nodes.toSorted((a, b) => Buffer.compare(a.name, b.name));
  if (!inOrder(sorted)) throw new RangeError('two nodes of a tree have the same name');
  const tree = Buffer.allocUnsafeSlow(
    sorted.reduce((sum, { json }) => sum + json.length + 1, treeBytes(nodes)),
  );
  let position = tree.write(treeStart, 0);
  for (const [index, { json }] of sorted.entries()) {
    if (index > 0) position = tree.writeUInt8(comma, position);
    position += json.copy(tree, position);
  }
  tree.write(treeEnd, position);
  return tree;
}

const treeStart = '{"nodes":[';
const treeEnd = ']}\n';
const comma = 0x2c;

/** Length without the nodes: there is a comma less than there are nodes. */
function treeBytes(nodes: readonly EncodedNode[]): number {
  return treeStart.length + treeEnd.length - (nodes.length > 0 ? 1 : 0);
}

function inOrder(nodes: readonly EncodedNode[]): boolean {
  for (let index = 1; index < nodes.length; index += 1) {
    const [previous, node] = [nodes[index - 1], nodes[index]];
    if (previous && node && Buffer.compare(previous.name, node.name) >= 0) return false;
  }
  return true;
}

function numberField(key: string, value: number | bigint | undefined): string {
  return value === undefined || value === 0 || value === 0n ? '' : `,"${key}":${value}`;
}

function textField(key: string, value: string | undefined): string {
  return value === undefined || value === '' ? '' : `,"${key}":${goString(value)}`;
}

function linkFields(node: Pick<TreeNode, 'linkTarget'>): string {
  const target = node.linkTarget;
  if (target === undefined || target.length === 0) return '';
  const text = `,"linktarget":${goStringOfBytes(target)}`;
  return isUtf8(target) ? text : `${text},"linktarget_raw":"${target.toString('base64')}"`;
}

function attributeFields(node: Pick<TreeNode, 'extendedAttributes' | 'genericAttributes'>): string {
  let fields = '';
  const extended = node.extendedAttributes ?? [];
  if (extended.length > 0) {
    const items = extended.map(
      ({ name, value }) => `{"name":${goString(name)},"value":"${value.toString('base64')}"}`,
    );
    fields += `,"extended_attributes":[${items.join(',')}]`;
  }
  const generic = Object.entries(node.genericAttributes ?? {});
  if (generic.length > 0) {
    const items = generic
      .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .map(([name, value]) => `${goString(name)}:${goValue(value)}`);
    fields += `,"generic_attributes":{${items.join(',')}}`;
  }
  return fields;
}

function contentValue(content: readonly string[] | undefined): string {
  if (content === undefined) return 'null';
  return content.length === 0 ? '[]' : `["${content.join('","')}"]`;
}
