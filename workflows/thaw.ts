import { condition, defineSignal, setHandler } from '@temporalio/workflow';
import { toApplicationFailure } from '../contracts/application-failure.ts';
import { Failure } from '../contracts/failures.ts';
import type { RestoreInput } from '../contracts/inputs.ts';
import type { ResolvedSource } from '../contracts/jobs.ts';
import { signalNames } from '../contracts/messages.ts';
import { defaultThawDays, type ThawRequest, type ThawStatus, type ThawWay } from '../contracts/thaw.ts';
import { stepsOn } from './options.ts';
import { thawPatience } from './patience.ts';
import type { RestoreRun } from './restore-run.ts';
import type { Story } from './story.ts';

/** What of a snapshot a restore reads. */
export interface NeededData {
  /** Id, a unique prefix of one, or `latest`. */
  readonly snapshot: string;
  /** Absolute paths of the snapshot; everything when empty. */
  readonly include: readonly string[];
}

/** Somebody, or an event of the service, says that data has thawed: look at once. */
export interface ThawSignal {
  take(): boolean;
}

export function listenForThaw(): ThawSignal {
  let isTold = false;
  setHandler(
    defineSignal(signalNames.thawed),
    () => {
      isTold = true;
    },
    { description: 'Looks at once whether data that was asked for can be read' },
  );
  return {
    take: () => {
      const was = isTold;
      isTold = false;
      return was;
    },
  };
}

/** Whether it has to be looked whether data is frozen. */
export function mayNeedThaw({ source, input }: Pick<RestoreRun, 'source' | 'input'>): boolean {
  return source.mayBeFrozen === true || input.thaw !== undefined;
}

/** Looks, and changes nothing. */
export async function lookAtThaw(
  { story, source }: Pick<RestoreRun, 'story' | 'source'>,
  needed: NeededData,
): Promise<ThawStatus> {
  return await look(story, source, requestOf(source, needed));
}

/**
 * Looks, and asks for nothing yet.
 * @returns undefined when all can be read
 * @throws {ApplicationFailure} RestoreBlocked when data is frozen and nobody has said that it is to be thawed
 */
export async function requireThawable(run: RestoreRun, needed: NeededData): Promise<ThawStatus | undefined> {
  if (!mayNeedThaw(run)) return undefined;
  const status = await lookAtThaw(run, needed);
  if (run.input.thaw === undefined) requireNoneFrozen(status);
  return status.frozen.packs + status.thawing.packs > 0 ? status : undefined;
}

/**
 * Waits until all that is needed can be read, for days if it must be: between the looks nothing runs, and a worker
 * that is killed meanwhile costs nothing.
 * @returns the id of the snapshot, so that what is restored is what was thawed
 * @throws {ApplicationFailure} RestoreBlocked when data is frozen and nobody has said that it is to be thawed
 */
export async function thawFirst(
  { story, input, source, told }: RestoreRun,
  needed: NeededData,
): Promise<string> {
  const { speed, days = defaultThawDays } = input.thaw ?? {};
  const request = requestOf(source, needed);
  const asking = speed === undefined ? request : { ...request, wish: { speed, days } };
  story.enter('preflight');
  let status = await look(story, source, asking);
  requireNoneFrozen(status);
  const untilMs = Date.now() + thawPatience.totalMs;
  for (let pauseMs: number = thawPatience.firstPauseMs; status.thawing.packs > 0; ) {
    if (Date.now() > untilMs) throw tooLate(status);
    story.enter('waiting');
    if (!told.take()) await condition(() => told.take(), pauseMs);
    pauseMs = Math.min(pauseMs * 2, thawPatience.longestPauseMs);
    // What was frozen again meanwhile is asked for again.
    status = await look(story, source, { ...asking, snapshot: status.snapshot });
  }
  return status.snapshot;
}

/** What is going to be thawed and what that takes, for who has to allow the restore. */
export function describeWish({ frozen, ways }: ThawStatus, wish: RestoreInput['thaw']): string {
  const way = ways.find(({ speed }) => speed === wish?.speed);
  const how = way === undefined ? '' : ` by ${describeWay(way)}`;
  return `then ${frozen.packs} packs (${megabytes(frozen.bytes)}) are thawed${how}`;
}

function requestOf({ repository, source }: ResolvedSource, needed: NeededData): ThawRequest {
  return { repository, source, ...needed };
}

function requireNoneFrozen(status: ThawStatus): void {
  if (status.frozen.packs > 0) throw blocked(status);
}

async function look(story: Story, source: ResolvedSource, request: ThawRequest): Promise<ThawStatus> {
  const status = await stepsOn(source).thawSnapshot(request);
  story.know({ snapshot: status.snapshot, note: describeThaw(status) });
  return status;
}

function describeThaw({ needed, frozen, thawing }: ThawStatus): string {
  const missing = frozen.packs + thawing.packs;
  if (missing === 0) return `All ${needed.packs} packs can be read`;
  const bytes = frozen.bytes + thawing.bytes;
  return `Waiting for ${missing} of ${needed.packs} packs (${megabytes(bytes)}) to thaw`;
}

function blocked({ needed, frozen, ways, pricesAsOf }: ThawStatus): Error {
  const offers = ways.map(describeWay);
  const message = `Of the snapshot, ${frozen.packs} of ${needed.packs} packs that are needed (${megabytes(frozen.bytes)}) lie in an archive class and have to be thawed first`;
  return toApplicationFailure(
    new Failure('RestoreBlocked', message, {
      advice: `Say how: --thaw with ${offers.length > 0 ? offers.join(', ') : 'bulk, standard or expedited'}${pricesAsOf === undefined ? '' : ` (prices as of ${pricesAsOf})`}; as input "thaw":{"speed":"bulk"}.`,
    }),
  );
}

function describeWay({ speed, hours: [, to], costUsd }: ThawWay): string {
  const cost = costUsd === undefined ? '' : `, some $${costUsd.toFixed(2)}`;
  return `${speed} (up to ${to < 1 ? `${Math.ceil(to * 60)} min` : `${to} h`}${cost})`;
}

function tooLate({ thawing }: ThawStatus): Error {
  const message = `Of the packs that were asked for, ${thawing.packs} cannot be read after ${thawPatience.totalMs / 86_400_000} days`;
  return toApplicationFailure(
    new Failure('RestoreBlocked', message, {
      advice: 'Look at the status page of the service, and start the restore again: it goes on where it was.',
    }),
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
