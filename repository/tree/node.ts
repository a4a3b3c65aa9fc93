/** Node types of restic's trees. */
export type NodeType = 'file' | 'dir' | 'symlink' | 'dev' | 'chardev' | 'fifo' | 'socket' | 'irregular';

export interface ExtendedAttribute {
  readonly name: string;
  readonly value: Buffer;
}

/** What is known of a file before its content is read. Times in nanoseconds since 1970, UTC. */
export interface NodeMetadata {
  readonly type: NodeType;
  /** Go's `os.FileMode`: permission bits, and Go's own bits for type, setuid, setgid and sticky. */
  readonly mode: number;
  readonly mtimeNs: bigint;
  readonly atimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly uid: number;
  readonly gid: number;
  readonly user?: string;
  readonly group?: string;
  readonly inode?: bigint;
  /** st_dev. */
  readonly deviceId?: bigint;
  readonly size?: bigint;
  readonly links?: bigint;
  /** Target of a symbolic link, as bytes. */
  readonly linkTarget?: Buffer;
  readonly extendedAttributes?: readonly ExtendedAttribute[];
  /** st_rdev of a device. */
  readonly device?: bigint;
}

/** An item of a tree as stored. */
export interface TreeNode extends NodeMetadata {
  readonly name: Buffer;
  /** Blob ids of a file's content, 64 hex digits each. */
  readonly content?: readonly string[];
  /** Tree blob of a folder. */
  readonly subtree?: string;
  readonly error?: string;
  /** Fields that this version does not know, kept as they are. */
  readonly genericAttributes?: Readonly<Record<string, unknown>>;
}
