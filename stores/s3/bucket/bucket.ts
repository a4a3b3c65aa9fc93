import type { S3Client } from '@aws-sdk/client-s3';
import { watchedAgents } from '../../network/agents.ts';
import { Bandwidth } from '../../network/limits.ts';
import type { StoreSettings } from '../../settings.ts';
import { b2AsS3 } from '../b2.ts';
import { s3Client } from '../client.ts';
import { parseS3Location, type S3Location } from '../location.ts';
import { type LockMode, proveLock, type RenewedLocks, renewLocks } from '../object-lock.ts';
import { type AppliedStep, applyBucketPlan } from './apply.ts';
import { type BucketPlan, type BucketStep, planBucket } from './plan.ts';
import { readBucketState } from './state.ts';

/** How long deleted objects can be got back: the least that classes for rare access bill anyway. */
const defaultVersionDays = 30;

/** The bucket of a repository itself, beside the store that reads and writes its objects. */
export class Bucket {
  readonly name: string;
  readonly #client: S3Client;
  readonly #location: S3Location;
  readonly #settings: StoreSettings;
  readonly #destroyAgents: () => void;

  private constructor(location: S3Location, settings: StoreSettings, parts: [S3Client, () => void]) {
    this.name = location.bucket;
    this.#location = location;
    this.#settings = settings;
    [this.#client, this.#destroyAgents] = parts;
  }

  /**
   * @param url of a repository in a bucket, `s3:` or `b2:`
   * @throws {Failure} InvalidConfiguration
   */
  static async open(url: string, settings: StoreSettings): Promise<Bucket> {
    const found = url.startsWith('b2:')
      ? await b2AsS3(url, settings)
      : { location: parseS3Location(url), settings };
    const { bandwidth = new Bandwidth(), caFile, times } = settings;
    const agents = await watchedAgents({ bandwidth, caFile, times });
    const client = s3Client(found.location, found.settings, agents);
    return new Bucket(found.location, found.settings, [client, () => agents.destroy()]);
  }

  /** What it lacks, and what would lose data in it. Changes nothing. */
  async plan(
    { objectLock = this.#settings.s3?.objectLock !== undefined, versionDays = defaultVersionDays } = {},
    signal: AbortSignal,
  ): Promise<BucketPlan> {
    const state = await readBucketState(this.#client, this.#location, signal);
    return planBucket(state, { prefix: this.#location.prefix, objectLock, versionDays });
  }

  async apply(steps: readonly BucketStep[], signal: AbortSignal): Promise<readonly AppliedStep[]> {
    return await applyBucketPlan(this.#client, { location: this.#location, steps }, signal);
  }

  /** Locks every object of the repository until `days` after `now`, as its settings say. */
  async renewLocks(now: Date, signal: AbortSignal, onObject: () => void): Promise<RenewedLocks> {
    const { days } = this.#lock();
    const until = new Date(now.getTime() + days * 86_400_000);
    return await renewLocks(this.#locks(), { until, signal, onObject });
  }

  /** Whether the service refuses to remove a locked object. */
  async proveLock(now: Date, signal: AbortSignal): Promise<'refused' | 'deleted'> {
    return await proveLock(this.#locks(), now, signal);
  }

  close(): void {
    this.#client.destroy();
    this.#destroyAgents();
  }

  #locks() {
    const mode: LockMode = this.#lock().mode === 'compliance' ? 'COMPLIANCE' : 'GOVERNANCE';
    return { client: this.#client, location: this.#location, mode };
  }

  #lock() {
    const { objectLock } = this.#settings.s3 ?? {};
    if (objectLock === undefined) throw new TypeError(`${this.name} is not configured with object lock`);
    return objectLock;
  }
}
