import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../contracts/failures.ts';
import { Secret } from '../secrets/secret.ts';
import { configurationText } from './configuration-text.ts';
import { makeKeyFile } from './key-file.ts';
import type { SetupPlan } from './plan.ts';
import { recoverySheet } from './recovery-sheet.ts';
import { writeNew } from './write-new.ts';

export interface WrittenSetup {
  readonly configurationFile: string;
  readonly keyFile?: string;
  readonly sheetFile: string;
  /** The password of the repository, when it was made here. */
  readonly key?: Secret;
}

const sheetName = 'resguardo-recovery.md';

export interface SetupRequest {
  readonly plan: SetupPlan;
  readonly configurationFile: string;
  readonly date: Date;
  /** Creates the repository, or looks whether the one that is there opens. */
  readonly createRepository: (key: SetupKey | undefined) => Promise<void>;
}

/** The key of the key file. */
export interface SetupKey {
  readonly secret: Secret;
  /** Whether it was made now, of random bits; one that was there may be what a person typed. */
  readonly isNew: boolean;
}

/**
 * Makes key, repository, recovery sheet and configuration, in this order, so that a configuration is never
 * there without what it names. No configuration and no key is ever overwritten; after a failure it can be
 * called again, and uses the key that is there.
 * @throws {Failure} TargetConflict, TargetUnwritable, and what `createRepository` throws
 */
export async function writeSetup(request: SetupRequest): Promise<WrittenSetup> {
  const { plan, configurationFile } = request;
  await refuseExisting(configurationFile);
  const key = plan.keyFile === undefined ? undefined : await makeKey(plan.keyFile);
  await request.createRepository(key);
  const sheetFile = path.join(path.dirname(configurationFile), sheetName);
  const day = request.date.toISOString().slice(0, 10);
  const sheet = recoverySheet({
    plan,
    date: day,
    ...(key === undefined ? {} : { key: key.secret.reveal() }),
  });
  await rm(sheetFile, { force: true });
  await writeNew(sheetFile, sheet, 0o600);
  await writeNew(configurationFile, configurationText(plan), 0o644);
  return {
    configurationFile,
    sheetFile,
    ...(plan.keyFile === undefined ? {} : { keyFile: plan.keyFile }),
    ...(key === undefined ? {} : { key: key.secret }),
  };
}

async function refuseExisting(file: string): Promise<void> {
  const there = await readFile(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT' && error.code !== 'ENOTDIR',
  );
  if (!there) return;
  throw new Failure('TargetConflict', `${file} is there already, and is not overwritten`, {
    advice: 'Edit it, and check it with `resguardo doctor`; or move it away.',
  });
}

async function makeKey(file: string): Promise<SetupKey> {
  try {
    return { secret: await makeKeyFile(file), isNew: true };
  } catch (error) {
    if (!(error instanceof Failure && error.type === 'TargetConflict')) throw error;
    const existing = (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
    if (existing === '') throw error;
    return { secret: new Secret(existing), isNew: false };
  }
}
