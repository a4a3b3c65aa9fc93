import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../contracts/failures.ts';
import { Secret } from '../secrets/secret.ts';
import { configurationText } from './configuration-text.ts';
import type { SetupPlan } from './plan.ts';
import { recoverySheet } from './recovery-sheet.ts';

export interface WrittenSetup {
  readonly configurationFile: string;
  readonly keyFile?: string;
  readonly sheetFile: string;
  /** The password of the repository, when it was made here. */
  readonly key?: Secret;
}

const sheetName = 'resguardo-recovery.md';

const keyBytes = 32;

export interface SetupRequest {
  readonly plan: SetupPlan;
  readonly configurationFile: string;
  readonly date: Date;
  /** Creates the repository, or looks whether the one that is there opens; gets the key that was made. */
  readonly createRepository: (key: Secret | undefined) => Promise<void>;
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
  const sheet = recoverySheet({ plan, date: day, ...(key === undefined ? {} : { key: key.reveal() }) });
  await rm(sheetFile, { force: true });
  await writeNew(sheetFile, sheet, 0o600);
  await writeNew(configurationFile, configurationText(plan), 0o644);
  return {
    configurationFile,
    sheetFile,
    ...(plan.keyFile === undefined ? {} : { keyFile: plan.keyFile }),
    ...(key === undefined ? {} : { key }),
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

async function makeKey(file: string): Promise<Secret> {
  const text = `${randomBytes(keyBytes).toString('base64')}\n`;
  try {
    await writeNew(file, text, 0o600);
    return new Secret(text.trim());
  } catch (error) {
    if (!(error instanceof Failure && error.type === 'TargetConflict')) throw error;
    const existing = (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
    if (existing === '') throw error;
    return new Secret(existing);
  }
}

async function writeNew(file: string, text: string, mode: number): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true });
    const handle = await open(file, 'wx', mode);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  if (code === 'EEXIST') return new Failure('TargetConflict', `${file} is there already`, { cause: error });
  if (code === 'ENOSPC') return new Failure('StorageFull', `There is no space for ${file}`, { cause: error });
  return new Failure('TargetUnwritable', `${file} cannot be written (${code})`, { cause: error });
}
