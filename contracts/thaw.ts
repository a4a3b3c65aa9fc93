/** What it takes to read a snapshot whose data lies in an archive class. Plain JSON. */

/** The faster, the dearer. In the words of S3: Bulk, Standard, Expedited. */
export const thawSpeeds = ['bulk', 'standard', 'expedited'] as const;
export type ThawSpeed = (typeof thawSpeeds)[number];

/** How fast objects come out of an archive class, and how long they stay readable then. */
export interface ThawWish {
  readonly speed: ThawSpeed;
  readonly days: number;
}

export interface ThawRequest {
  readonly repository: string;
  /** Source that the snapshot is of. */
  readonly source: string;
  /** Snapshot id, a unique prefix of one, or `latest`. */
  readonly snapshot: string;
  /** Absolute paths in the snapshot; all of it when empty. */
  readonly include: readonly string[];
  /** Left out, nothing is asked for: it is only looked. */
  readonly wish?: ThawWish;
}

export interface PackSum {
  readonly packs: number;
  /** Bytes of the whole packs. */
  readonly bytes: number;
}

/** How far the data of a snapshot can be read. */
export interface ThawStatus {
  /** Whole id. */
  readonly snapshot: string;
  readonly snapshotTime: string;
  /** All packs that are needed. */
  readonly needed: PackSum;
  /** Bytes of the blobs that are needed, as stored: so many are read. */
  readonly bytesToRead: number;
  /** To be asked for. */
  readonly frozen: PackSum;
  /** Asked for, and not there yet. */
  readonly thawing: PackSum;
  /** What is not readable yet, by the service's name of its class. */
  readonly classes: readonly (PackSum & { readonly storageClass: string })[];
  /** How what is frozen can be thawed; empty where prices are not known. */
  readonly ways: readonly ThawWay[];
  /** What the provider asks for the bytes on their way out, at list prices; absent where it is not known. */
  readonly egressUsd?: number;
  /** Month of the prices; absent where none are known. */
  readonly pricesAsOf?: string;
}

export interface ThawWay {
  readonly speed: ThawSpeed;
  /** How long the service takes usually: from, to. */
  readonly hours: readonly [number, number];
  /** Absent where prices are not known. */
  readonly costUsd?: number;
}

export const defaultThawDays = 7;
