/** Trees as read from a repository: nothing in them is trusted. */
import { Failure } from '../../contracts/failures.ts';
import { isId, shortId } from '../ids.ts';
import type { ExtendedAttribute, NodeMetadata, NodeType, TreeNode } from './node.ts';
import { quoteName, unquoteName } from './quote.ts';
import { parseTime } from './time.ts';

/** The longest tree that is decoded: more than two million entries of usual length. */
const maxTreeBytes = 500 * 1024 * 1024;

const nodeTypes: ReadonlySet<string> = new Set<NodeType>([
  'file',
  'dir',
  'symlink',
  'dev',
  'chardev',
  'fifo',
  'socket',
  'irregular',
]);

/**
 * Decodes a tree. Names are unique, in the order of their bytes, and stay in their folder.
 * @param treeId for messages
 * @throws {Failure} RepositoryDamaged, or PathEscape for a name that leads out of its folder
 */
export function decodeTree(bytes: Buffer, treeId: string): readonly TreeNode[] {
  const result = recordsOf(bytes, treeId).map((record) => decodeNode(record, treeId));
  for (let index = 1; index < result.length; index += 1) {
    const [previous, node] = [result[index - 1], result[index]];
    if (previous && node && Buffer.compare(previous.name, node.name) >= 0) {
      throw damaged(treeId, 'its names are not in order');
    }
  }
  return result;
}

/**
 * Decodes metadata as `encodeMetadata` makes it: the beginning of a node.
 * @throws {Failure} RepositoryDamaged for anything else
 */
export function decodeMetadata(json: Buffer): NodeMetadata {
  const record = asRecord(parse(Buffer.concat([json, Buffer.from('}')]), ''), '');
  const { name: _name, ...metadata } = decodeNode(record, '');
  return metadata;
}

/** A tree of which nodes are looked up by name, and decoded then. */
export class NodeLookup {
  readonly #treeId: string;
  /** By name, quoted. */
  readonly #records: ReadonlyMap<unknown, JsonRecord>;

  /** @throws {Failure} RepositoryDamaged */
  constructor(bytes: Buffer, treeId: string) {
    this.#treeId = treeId;
    this.#records = new Map(recordsOf(bytes, treeId).map((record) => [record.name, record]));
  }

  /** @throws {Failure} RepositoryDamaged */
  find(name: Buffer): TreeNode | undefined {
    const record = this.#records.get(quoteName(name));
    return record && decodeNode(record, this.#treeId);
  }
}

function recordsOf(bytes: Buffer, treeId: string): readonly JsonRecord[] {
  if (bytes.length > maxTreeBytes) throw damaged(treeId, `it has ${bytes.length} bytes`);
  const { nodes } = asRecord(parse(bytes, treeId), treeId);
  if (!Array.isArray(nodes)) throw damaged(treeId, 'it has no list of nodes');
  return nodes.map((node) => asRecord(node, treeId));
}

type JsonRecord = Readonly<Record<string, unknown>>;

function damaged(treeId: string, why: string, cause?: unknown): Failure {
  return new Failure('RepositoryDamaged', `The tree ${shortId(treeId)} is damaged: ${why}.`, { cause });
}

function parse(bytes: Buffer, treeId: string): unknown {
  const text = bytes.toString('utf8');
  try {
    // Only whole numbers beyond 2^53 need the slow way; a false alarm inside a string does no harm.
    return /":-?\d{16}/.test(text) ? JSON.parse(text, keepBigIntegers) : JSON.parse(text);
  } catch (error) {
    throw damaged(treeId, 'it is no JSON', error);
  }
}

/** A reviver that sees the number as it was written (TC39 proposal "JSON.parse source text access"). */
function keepBigIntegers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function asRecord(value: unknown, treeId: string): JsonRecord {
  if (!isRecord(value)) throw damaged(treeId, 'it has a wrong structure');
  return value;
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decodeNode(record: JsonRecord, treeId: string): TreeNode {
  const read = new FieldReader(record, treeId);
  const name = decodeName(record, treeId);
  const mtimeNs = read.time('mtime');
  const [user, group, error] = [read.text('user'), read.text('group'), read.text('error')];
  const [inode, deviceId, size] = [read.big('inode'), read.big('device_id'), read.big('size')];
  const [links, device] = [read.big('links'), read.big('device')];
  const linkTarget = read.bytes('linktarget_raw') ?? textBytes(read.text('linktarget'));
  const extendedAttributes = decodeAttributes(record, treeId);
  const content = read.ids('content');
  const subtree = read.id('subtree');
  // Fields are assigned, because a spread for each makes an object for each.
  const node: Writable<TreeNode> = {
    name,
    type: decodeType(record, treeId),
    mode: read.small('mode'),
    mtimeNs,
    atimeNs: record.atime === record.mtime ? mtimeNs : read.time('atime'),
    ctimeNs: record.ctime === record.mtime ? mtimeNs : read.time('ctime'),
    uid: read.small('uid'),
    gid: read.small('gid'),
  };
  if (user !== undefined) node.user = user;
  if (group !== undefined) node.group = group;
  if (inode !== undefined) node.inode = inode;
  if (deviceId !== undefined) node.deviceId = deviceId;
  if (size !== undefined) node.size = size;
  if (links !== undefined) node.links = links;
  if (linkTarget !== undefined) node.linkTarget = linkTarget;
  if (extendedAttributes !== undefined) node.extendedAttributes = extendedAttributes;
  if (isRecord(record.generic_attributes)) node.genericAttributes = record.generic_attributes;
  if (device !== undefined) node.device = device;
  if (content !== undefined) node.content = content;
  if (subtree !== undefined) node.subtree = subtree;
  if (error !== undefined) node.error = error;
  return node;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function decodeName(record: JsonRecord, treeId: string): Buffer {
  const quoted = record.name;
  const name = typeof quoted === 'string' ? unquoteName(quoted) : undefined;
  if (name === undefined || name.length === 0) throw damaged(treeId, 'a node has no valid name');
  const text = name.toString('latin1');
  if (text === '.' || text === '..' || /[/\0]/.test(text)) {
    throw new Failure(
      'PathEscape',
      `The tree ${shortId(treeId)} has a name that leads out of its folder: "${quoted}".`,
    );
  }
  return name;
}

function decodeType(record: JsonRecord, treeId: string): NodeType {
  const type = record.type;
  if (!isNodeType(type)) throw damaged(treeId, `a node has the unknown type "${type}"`);
  return type;
}

function isNodeType(value: unknown): value is NodeType {
  return typeof value === 'string' && nodeTypes.has(value);
}

function decodeAttributes(record: JsonRecord, treeId: string): readonly ExtendedAttribute[] | undefined {
  const list = record.extended_attributes;
  if (list === undefined || list === null) return undefined;
  if (!Array.isArray(list)) throw damaged(treeId, 'extended_attributes is no list');
  return list.map((item) => {
    const attribute = new FieldReader(asRecord(item, treeId), treeId);
    return { name: attribute.text('name') ?? '', value: attribute.bytes('value') ?? Buffer.alloc(0) };
  });
}

function textBytes(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(text, 'utf8');
}

/** Reads fields of one JSON object; what Go leaves out when it is zero may be missing. */
class FieldReader {
  readonly #record: JsonRecord;
  readonly #treeId: string;

  constructor(record: JsonRecord, treeId: string) {
    this.#record = record;
    this.#treeId = treeId;
  }

  text(key: string): string | undefined {
    const value = this.#record[key] ?? undefined;
    if (value === undefined || typeof value === 'string') return value;
    throw this.#wrong(key);
  }

  bytes(key: string): Buffer | undefined {
    const value = this.text(key);
    return value === undefined ? undefined : Buffer.from(value, 'base64');
  }

  /** A number of 32 bits. */
  small(key: string): number {
    const value = this.#record[key] ?? 0;
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value;
    throw this.#wrong(key);
  }

  /** A number of 64 bits. */
  big(key: string): bigint | undefined {
    const value = this.#record[key] ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
    if (typeof value === 'bigint' && value >= 0n && value < 2n ** 64n) return value;
    throw this.#wrong(key);
  }

  time(key: string): bigint {
    const value = this.#record[key];
    const time = typeof value === 'string' ? parseTime(value) : undefined;
    if (time === undefined) throw this.#wrong(key);
    return time;
  }

  id(key: string): string | undefined {
    const value = this.text(key);
    if (value === undefined || isId(value)) return value;
    throw this.#wrong(key);
  }

  ids(key: string): readonly string[] | undefined {
    const value = this.#record[key] ?? undefined;
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every(isId)) return value;
    throw this.#wrong(key);
  }

  #wrong(key: string): Failure {
    return damaged(this.#treeId, `the field ${key} of a node is wrong`);
  }
}
