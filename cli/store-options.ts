import type { RepositoryConfiguration } from '../configuration/schema.ts';
import { Failure } from '../contracts/failures.ts';
import { azureAccessTiers, s3StorageClasses } from '../contracts/storage-classes.ts';
import { type ThawSpeed, thawSpeeds } from '../contracts/thaw.ts';

/** What restic's `-o NAME=VALUE` says of a store and of thawing. */
export interface StoreOptions {
  readonly s3?: NonNullable<RepositoryConfiguration['s3']>;
  readonly azure?: NonNullable<RepositoryConfiguration['azure']>;
  readonly connections?: number;
  readonly thaw?: ThawSpeed;
  readonly thawDays?: number;
  readonly isThawing?: boolean;
}

type Reader = (value: string) => StoreOptions | undefined;

const lookups = { auto: 'auto', dns: 'virtual-host', path: 'path' } as const;

const readers: Readonly<Record<string, Reader>> = {
  's3.storage-class': (value) => one(s3StorageClasses, value, (storageClass) => ({ s3: { storageClass } })),
  's3.region': (region) => (region === '' ? undefined : { s3: { region } }),
  's3.bucket-lookup': (value) =>
    one(['auto', 'dns', 'path'] as const, value, (lookup) => ({ s3: { addressing: lookups[lookup] } })),
  's3.enable-restore': (value) =>
    one(['true', 'false', '1', '0'] as const, value, (flag) => ({
      isThawing: flag === 'true' || flag === '1',
    })),
  's3.restore-tier': (value) => one(thawSpeeds, value.toLowerCase(), (thaw) => ({ thaw })),
  's3.restore-days': (value) => counted(value, 60, (thawDays) => ({ thawDays })),
  'azure.access-tier': (value) => one(azureAccessTiers, value, (accessTier) => ({ azure: { accessTier } })),
};

/**
 * Parses what was given by `-o`, with restic's names and meaning.
 * @throws {Failure} InvalidInput for a name that we do not have, and for a wrong value
 */
export function storeOptions(given: readonly string[] = []): StoreOptions {
  let found: StoreOptions = {};
  for (const option of given) {
    const [name = '', value = ''] = splitOnce(option);
    const read = /^(s3|b2|azure|gs|sftp)\.connections$/.test(name)
      ? connections
      : Object.hasOwn(readers, name)
        ? readers[name]
        : undefined;
    if (read === undefined) throw unknown(name);
    const one = read(value);
    if (one === undefined) throw new Failure('InvalidInput', `-o ${name} cannot be "${value}"`);
    found = { ...found, ...one, ...merged(found, one) };
  }
  return found;
}

/** How data is thawed, when `-o s3.enable-restore` asks for it as `--thaw` does. */
export function thawOf({ isThawing, thaw = 'standard', thawDays }: StoreOptions) {
  if (isThawing !== true) return {};
  return { thaw, ...(thawDays !== undefined && { thawDays }) };
}

const connections: Reader = (value) => counted(value, 256, (count) => ({ connections: count }));

function merged(found: StoreOptions, one: StoreOptions): StoreOptions {
  return {
    ...(one.s3 !== undefined && { s3: { ...found.s3, ...one.s3 } }),
    ...(one.azure !== undefined && { azure: { ...found.azure, ...one.azure } }),
  };
}

function one<T extends string>(
  known: readonly T[],
  value: string,
  make: (found: T) => StoreOptions,
): StoreOptions | undefined {
  const found = known.find((each) => each === value);
  return found === undefined ? undefined : make(found);
}

function counted(
  value: string,
  most: number,
  make: (count: number) => StoreOptions,
): StoreOptions | undefined {
  const count = /^\d{1,4}$/.test(value) ? Number(value) : 0;
  return count >= 1 && count <= most ? make(count) : undefined;
}

function splitOnce(option: string): readonly string[] {
  const at = option.indexOf('=');
  return at < 0 ? [option] : [option.slice(0, at), option.slice(at + 1)];
}

function unknown(name: string): Failure {
  return new Failure('InvalidInput', `There is no option -o ${name}`, {
    advice: `Known are ${Object.keys(readers).join(', ')} and the connections of each kind of store.`,
  });
}
