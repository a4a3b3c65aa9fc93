import {
  type Notification,
  type NotificationEvent,
  type NotificationKind,
  type Severity,
  severities,
} from '../contracts/notifications.ts';

/** What is remembered of a topic between two events. Plain JSON. */
export interface TopicState {
  readonly topic: string;
  readonly severity: Severity | 'ok';
  readonly reason?: string;
  /** When the trouble began, or ended; ISO in UTC. */
  readonly since: string;
  /** The worst that was told since then: the recovery goes to whoever heard of it. */
  readonly toldSeverity?: Severity;
  readonly toldAt?: string;
  readonly occurrences: number;
  /** Time and id of the newest event, to know old and repeated ones. */
  readonly lastAt: string;
  readonly lastId: string;
}

export interface TellingPolicy {
  /** A trouble that lasts is told again after this; 0 never. */
  readonly reminderAfterMs: number;
}

export interface Decision {
  readonly next: TopicState;
  /** Absent when there is nothing new to tell. */
  readonly message?: Notification;
}

/** A daily failure at 02:03 and the next at 02:01 are a day apart to people. */
const reminderTolerance = 0.95;

/**
 * Tells trouble once: when it begins, gets worse or changes its reason, again when it lasts, and when it ends.
 * Pure: the same state and event give the same decision.
 */
export function decide(
  state: TopicState | undefined,
  event: NotificationEvent,
  policy: TellingPolicy,
): Decision {
  // An activity that was retried late must not undo what a newer event has said.
  if (state !== undefined && (state.lastId === event.id || event.at < state.lastAt)) return { next: state };
  return event.severity === 'ok' ? ended(state, event) : troubled(state, event, event.severity, policy);
}

function ended(state: TopicState | undefined, event: NotificationEvent): Decision {
  const { topic, at, id } = event;
  const wasTrouble = state !== undefined && state.severity !== 'ok';
  const next = {
    topic,
    severity: 'ok',
    since: wasTrouble || state === undefined ? at : state.since,
    occurrences: 0,
    lastAt: at,
    lastId: id,
  } as const;
  if (!wasTrouble || state.toldSeverity === undefined) return { next };
  const { since, occurrences, toldSeverity } = state;
  return { next, message: { ...event, kind: 'recovery', severity: toldSeverity, since, occurrences } };
}

function troubled(
  state: TopicState | undefined,
  event: NotificationEvent,
  severity: Severity,
  policy: TellingPolicy,
): Decision {
  const ongoing = state !== undefined && state.severity !== 'ok' ? state : undefined;
  const kind = ongoing === undefined ? 'problem' : whyAgain(ongoing, event, severity, policy);
  const since = ongoing?.since ?? event.at;
  const occurrences = (ongoing?.occurrences ?? 0) + 1;
  const told =
    kind === undefined ? ongoing : { toldAt: event.at, toldSeverity: worst(severity, ongoing?.toldSeverity) };
  const next: TopicState = {
    topic: event.topic,
    severity,
    since,
    occurrences,
    lastAt: event.at,
    lastId: event.id,
    ...(event.reason === undefined ? {} : { reason: event.reason }),
    ...(told?.toldAt === undefined ? {} : { toldAt: told.toldAt }),
    ...(told?.toldSeverity === undefined ? {} : { toldSeverity: told.toldSeverity }),
  };
  if (kind === undefined) return { next };
  return { next, message: { ...event, kind, severity, since, occurrences } };
}

function whyAgain(
  ongoing: TopicState,
  event: NotificationEvent,
  severity: Severity,
  policy: TellingPolicy,
): NotificationKind | undefined {
  if (rank(severity) > rank(ongoing.toldSeverity)) return 'worse';
  if (event.reason !== ongoing.reason) return 'changed';
  const elapsedMs = Date.parse(event.at) - Date.parse(ongoing.toldAt ?? ongoing.since);
  const due = policy.reminderAfterMs > 0 && elapsedMs >= policy.reminderAfterMs * reminderTolerance;
  return due ? 'reminder' : undefined;
}

function worst(a: Severity, b: Severity | undefined): Severity {
  return b !== undefined && rank(b) > rank(a) ? b : a;
}

function rank(severity: Severity | undefined): number {
  return severity === undefined ? -1 : severities.indexOf(severity);
}
