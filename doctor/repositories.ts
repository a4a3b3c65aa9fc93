import { stat } from 'node:fs/promises';
import path from 'node:path';
import { isFailure } from '../contracts/failures.ts';
import type { Repository } from '../repository/repository.ts';
import { type Check, type CheckResult, failed, ok, warning } from './check.ts';
import { clockResults } from './clock.ts';
import type { DoctorContext } from './context.ts';
import { spaceResults } from './machine.ts';

const check = 'repository';

/** For each repository: whether it is there, opens with its key, can be written to, and has space. */
export function repositoryChecks(context: DoctorContext): readonly Check[] {
  return Object.keys(context.configuration.repositories).map((name) => ({
    check,
    subject: name,
    run: (signal) => examine(context, name, signal),
  }));
}

async function examine(
  context: DoctorContext,
  name: string,
  signal: AbortSignal,
): Promise<readonly CheckResult[]> {
  const url = context.configuration.repositories[name]?.url ?? '';
  let repository: Repository;
  try {
    repository = await context.openRepository(name);
  } catch (error) {
    return [notOpened(context, name, error)];
  }
  try {
    const written = await writable(repository, name, signal);
    const local = path.isAbsolute(url)
      ? [...(await spaceResults(url)), ...(await sameDisk(context, name, url))]
      : [];
    return [written, ...local, ...(await clockResults(name, url, signal))];
  } finally {
    await repository.close();
  }
}

function notOpened({ configuration }: DoctorContext, name: string, error: unknown): CheckResult {
  const { sources, repositories, defaultRepository } = configuration;
  const fallback = defaultRepository ?? Object.keys(repositories)[0];
  const isUsed = Object.values(sources).some((source) => (source.repository ?? fallback) === name);
  if (isUsed || !isFailure(error, 'InvalidInput')) return failed(check, name, error);
  return warning(check, name, { message: error.message, mend: error.advice });
}

/** Writes and removes a lock, which is all that tells whether a backup could write. */
async function writable(repository: Repository, name: string, signal: AbortSignal): Promise<CheckResult> {
  const place = repository.store.location;
  try {
    const lock = await repository.lock({ exclusive: false, signal });
    await lock.release();
    return ok(check, name, `${place} opens with its key, and can be written to.`);
  } catch (error) {
    if (!isFailure(error, 'RepositoryLocked')) return failed(check, name, error);
    return warning(check, name, {
      message: `${place} opens with its key. ${error.message}`,
      mend: error.advice,
    });
  }
}

/** A copy that shares the disk with the data is lost together with it. */
async function sameDisk(
  { configuration }: DoctorContext,
  name: string,
  url: string,
): Promise<readonly CheckResult[]> {
  const paths = Object.values(configuration.sources).flatMap((source) =>
    source.kind === 'files' && (source.host ?? configuration.host) === configuration.host ? source.paths : [],
  );
  const device = await deviceOf(url);
  const devices = await Promise.all(paths.map(deviceOf));
  const shared = paths.filter((_, index) => device !== undefined && devices[index] === device);
  if (shared.length === 0) return [];
  return [
    warning(check, name, {
      message: `It lies on the same file system as ${shared[0]}: both are lost together.`,
      mend: 'Put the repository on another disk or another machine, or copy it there.',
    }),
  ];
}

async function deviceOf(file: string): Promise<number | undefined> {
  return stat(file).then(
    ({ dev }) => dev,
    () => undefined,
  );
}
