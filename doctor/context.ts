import type { Configuration } from '../configuration/load.ts';
import type { Control } from '../control/client.ts';
import type { Channel } from '../notify/channel.ts';
import type { Repository } from '../repository/repository.ts';
import type { Secret } from '../secrets/secret.ts';
import type { Source } from '../sources/source.ts';

/** What the checks work with; the command composes it from the configuration. */
export interface DoctorContext {
  readonly configuration: Configuration;
  /** Gets the value behind a reference. */
  readonly resolve: (reference: string) => Promise<Secret>;
  /** Opens a repository of the configuration; the caller closes it. */
  readonly openRepository: (name: string) => Promise<Repository>;
  /** Makes a source of this host for one operation; the caller closes it. */
  readonly createSource: (name: string) => Promise<Source>;
  /** Connects to Temporal; the caller closes the connection. */
  readonly connect: () => Promise<Control>;
  readonly channels: readonly Channel[];
  readonly searchPath: string;
}
