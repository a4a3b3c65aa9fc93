import type { Finding, FindingLevel } from '../../contracts/findings.ts';
import { count } from '../wording.ts';

/** A repository at one moment, as far as watching it needs. */
export interface RepositoryView<S extends SeenSnapshot = SeenSnapshot> {
  /** Id in the repository's own configuration. */
  readonly id: string;
  readonly keys: readonly SeenKey[];
  readonly snapshots: readonly S[];
}

export interface SeenKey {
  readonly id: string;
  readonly hostname: string;
  readonly username: string;
  /** RFC 3339. */
  readonly created: string;
}

export interface SeenSnapshot {
  readonly id: string;
  readonly time: string;
  readonly tags: readonly string[];
}

/** A change that Resguardo did not make. */
export interface WatchEvent {
  readonly kind: 'replaced' | 'key' | 'snapshot';
  /** Of the key or snapshot; of the repository that was there before. */
  readonly id: string;
  readonly text: string;
  /** ISO in UTC. */
  readonly noticedAt: string;
  /** Snapshots that a repository had before it lost some. */
  readonly outOf?: number;
}

/** What is remembered of a repository between two looks. Plain JSON. */
export interface WatchState<S extends SeenSnapshot = SeenSnapshot> extends RepositoryView<S> {
  readonly lookedAt: string;
  /** Of the last day. */
  readonly events: readonly WatchEvent[];
}

export interface Comparison<S extends SeenSnapshot> {
  readonly next: WatchState<S>;
  readonly findings: readonly Finding[];
}

export interface LookContext {
  /** Name in the configuration. */
  readonly repository: string;
  readonly now: Date;
  /** Whether Resguardo itself has removed the snapshot of this id. */
  readonly isForgotten: (id: string) => boolean;
}

/** A change is told for a day; after that it belongs to what is known. */
const eventMs = 86_400_000;
/** More than this share of the snapshots gone at once is no tidying up. */
const massShare = 0.5;
const listedEvents = 10;

/**
 * Compares a repository with what it was at the last look. The first look believes what it sees. A key that
 * goes again, or a snapshot that comes back, was no change.
 */
export function compareLooks<S extends SeenSnapshot>(
  before: WatchState<S> | undefined,
  view: RepositoryView<S>,
  context: LookContext,
): Comparison<S> {
  const events =
    before === undefined ? [] : [...lasting(before, view, context.now), ...changes(before, view, context)];
  return {
    next: { ...view, lookedAt: context.now.toISOString(), events },
    findings: findingsOf(events, view, context.repository),
  };
}

function lasting(before: WatchState, view: RepositoryView, now: Date): readonly WatchEvent[] {
  const keys = new Set(view.keys.map(({ id }) => id));
  const snapshots = new Set(view.snapshots.map(({ id }) => id));
  return before.events.filter(({ kind, id, noticedAt }) => {
    if (now.getTime() - Date.parse(noticedAt) >= eventMs) return false;
    if (kind === 'key') return keys.has(id);
    return kind === 'snapshot' ? !snapshots.has(id) : view.id !== id;
  });
}

function changes(
  before: WatchState,
  view: RepositoryView,
  { now, isForgotten }: LookContext,
): readonly WatchEvent[] {
  const noticedAt = now.toISOString();
  if (before.id !== view.id) {
    const text = `it was ${before.id.slice(0, 8)} with ${count(before.snapshots.length, 'snapshot')}, and is ${view.id.slice(0, 8)} with ${count(view.snapshots.length, 'snapshot')}`;
    return [{ kind: 'replaced', id: before.id, text, noticedAt }];
  }
  const knownKeys = new Set(before.keys.map(({ id }) => id));
  const present = new Set(view.snapshots.map(({ id }) => id));
  const added = view.keys.filter(({ id }) => !knownKeys.has(id));
  const gone = before.snapshots.filter(({ id }) => !present.has(id) && !isForgotten(id));
  return [
    ...added.map(({ id, username, hostname, created }): WatchEvent => {
      const text = `key ${id.slice(0, 8)} of ${username}@${hostname}, made ${created}`;
      return { kind: 'key', id, text, noticedAt };
    }),
    ...gone.map(({ id, time, tags }): WatchEvent => {
      const source = tags.find((tag) => tag.startsWith('source:')) ?? 'no source';
      const text = `snapshot ${id.slice(0, 8)} of ${time}, ${source}`;
      return { kind: 'snapshot', id, text, noticedAt, outOf: before.snapshots.length };
    }),
  ];
}

function findingsOf(
  events: readonly WatchEvent[],
  view: RepositoryView,
  repository: string,
): readonly Finding[] {
  const of = (kind: WatchEvent['kind']) => events.filter((event) => event.kind === kind);
  const finding = (check: string, level: FindingLevel, words: Words): Finding => {
    const { message, mend, told } = words;
    const evidence = told
      .slice(0, listedEvents)
      .map(({ text, noticedAt }) => `${text}; noticed ${noticedAt}`);
    return { check, subject: repository, level, message, evidence, ...(mend === undefined ? {} : { mend }) };
  };
  return [
    finding('identity', ...identity(repository, of('replaced'))),
    finding('keys', ...keys(repository, of('key'), view)),
    finding('snapshots', ...snapshots(repository, of('snapshot'), view)),
  ];
}

interface Words {
  readonly message: string;
  readonly mend?: string;
  readonly told: readonly WatchEvent[];
}

function identity(repository: string, told: readonly WatchEvent[]): [FindingLevel, Words] {
  const [first] = told;
  if (first === undefined) return ['ok', { message: `${repository} is the repository that it was.`, told }];
  const message = `Another repository is at the place of ${repository}: ${first.text}.`;
  const mend =
    'If nobody made it anew, stop the backups, and look for the old one: its snapshots are not here.';
  return ['critical', { message, mend, told }];
}

function keys(repository: string, told: readonly WatchEvent[], view: RepositoryView): [FindingLevel, Words] {
  if (told.length === 0) {
    return [
      'ok',
      { message: `${repository} has ${count(view.keys.length, 'key')}, none of them new.`, told },
    ];
  }
  const list = told.map(({ text }) => text).join('; ');
  const message = `${repository} can be opened by ${count(told.length, 'new key')}, not added by Resguardo: ${list}.`;
  const mend =
    'If nobody of yours added it, remove it by `restic key remove`, and change the key of the repository.';
  return ['critical', { message, mend, told }];
}

function snapshots(
  repository: string,
  told: readonly WatchEvent[],
  view: RepositoryView,
): [FindingLevel, Words] {
  if (told.length === 0) {
    return ['ok', { message: `No snapshot of ${repository} has gone unexpectedly.`, told }];
  }
  const most = Math.max(...told.map(({ outOf = 0 }) => outOf));
  const isMass = told.length > massShare * most;
  const list = told
    .slice(0, listedEvents)
    .map(({ text }) => text)
    .join('; ');
  const message = `${count(told.length, 'snapshot')} of ${repository} ${told.length === 1 ? 'is' : 'are'} gone that Resguardo did not remove, ${count(view.snapshots.length, 'is', 'are')} left: ${list}.`;
  const mend =
    'If nobody of yours forgot them, stop all pruning: until then their data is still in the repository.';
  return [isMass ? 'critical' : 'warning', { message, mend, told }];
}
