import type { Configuration } from '../configuration/load.ts';
import type { Control } from '../control/client.ts';
import type { Channel } from '../notify/channel.ts';
import type { Repository } from '../repository/repository.ts';
import type { LeftOver } from '../restore/left-over.ts';
import type { Secret } from '../secrets/secret.ts';
import type { Source } from '../sources/source.ts';

/** What was found of the bucket of a repository. */
export interface BucketLook {
  readonly bucket: string;
  /** What it should do and does not, for people. */
  readonly lacks: readonly string[];
  /** Lifecycle rules of others that lose data. */
  readonly harmful: readonly { readonly id: string; readonly description: string }[];
  /** What it can never be given; sentences. */
  readonly impossible: readonly string[];
  /** What cannot be seen of it from here, and is for a person to look at; a sentence. */
  readonly unseen?: string;
}

/** What the checks work with; the command composes it from the configuration. */
export interface DoctorContext {
  readonly configuration: Configuration;
  /** Gets the value behind a reference. */
  readonly resolve: (reference: string) => Promise<Secret>;
  /** Opens a repository of the configuration; the caller closes it. */
  readonly openRepository: (name: string) => Promise<Repository>;
  /** Looks at the bucket or container of a repository whose URL begins with s3:, b2:, gs: or azure:. */
  readonly lookAtBucket: (name: string, signal: AbortSignal) => Promise<BucketLook>;
  /** Makes a source of this host for one operation; the caller closes it. */
  readonly createSource: (name: string) => Promise<Source>;
  /** What restores have left on the server of a source of this host. */
  readonly findLeftOvers: (source: string, signal: AbortSignal) => Promise<readonly LeftOver[]>;
  /** Connects to Temporal; the caller closes the connection. */
  readonly connect: () => Promise<Control>;
  readonly channels: readonly Channel[];
  readonly searchPath: string;
}
