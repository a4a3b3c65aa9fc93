import { createHash } from 'node:crypto';
import { Failure, isFailure } from '../contracts/failures.ts';
import {
  type Notification,
  type NotificationEvent,
  type Severity,
  severities,
} from '../contracts/notifications.ts';
import type { Channel } from './channel.ts';
import { decide, type TellingPolicy } from './decide.ts';
import { render } from './render.ts';
import type { NotifyState, NotifyStore, PendingMessage } from './state.ts';

export interface NotifierOptions {
  readonly channels: readonly Channel[];
  readonly store: NotifyStore;
  readonly policy: TellingPolicy;
  readonly now?: () => Date;
}

export interface Told {
  /** What was new to tell, if anything. */
  readonly message?: Notification;
  /** Messages that went out in this call, earlier ones included, by channel. */
  readonly sent: readonly string[];
  /** Notes of channels on what they sent. */
  readonly notes: readonly string[];
}

interface Delivery {
  readonly message: PendingMessage;
  readonly channel: Channel;
}

interface Claim {
  readonly due: readonly Delivery[];
  /** The event is in the hands of another attempt. */
  readonly waiting: boolean;
}

type Outcome =
  | { readonly kind: 'sent'; readonly note?: string }
  | { readonly kind: 'later'; readonly failure: Failure }
  | { readonly kind: 'never'; readonly failure: Failure };

/** Longer than any channel takes for one message. */
const claimMs = 120_000;
/** News that nobody could be told for so long is no news. */
const keptMs = 7 * 86_400_000;
const mostPending = 200;

/**
 * Tells events to people, each once per channel, however often an event is told again: what is decided is
 * written down before it is sent, and struck off, channel by channel, when it is.
 */
export class Notifier {
  readonly #channels: readonly Channel[];
  readonly #store: NotifyStore;
  readonly #policy: TellingPolicy;
  readonly #now: () => Date;

  constructor({ channels, store, policy, now = () => new Date() }: NotifierOptions) {
    this.#channels = channels;
    this.#store = store;
    this.#policy = policy;
    this.#now = now;
  }

  /**
   * Tells one event, and what could not be told before. Made to be called again with the same event until it
   * resolves.
   * @throws {Failure} NotificationUnavailable if a channel is to be tried again, NotificationRefused if one
   *   will not take the message; either after all other channels were served
   */
  async tell(event: NotificationEvent, signal: AbortSignal): Promise<Told> {
    const { message, ...claim } = await this.#store.change((state) => {
      const { next, message: news } = decide(state.topics[event.topic], event, this.#policy);
      const topics = { ...state.topics, [event.topic]: next };
      const pending = [...state.pending, ...(news === undefined ? [] : this.#addressed(news))];
      const { state: claimed, result } = this.#claim({ topics, pending }, event.id);
      return { state: claimed, result: { ...result, message: news } };
    });
    const told = await this.#send(claim, signal);
    return message === undefined ? told : { ...told, message };
  }

  /** Topics whose trouble has not ended. */
  async troubled(): Promise<ReadonlySet<string>> {
    return await this.#store.change((state) => {
      const troubled = Object.values(state.topics).filter(({ severity }) => severity !== 'ok');
      return { state, result: new Set(troubled.map(({ topic }) => topic)) };
    });
  }

  /**
   * Tells what could not be told before, when there is no event to tell.
   * @throws {Failure} as `tell`
   */
  async flush(signal: AbortSignal): Promise<Told> {
    return this.#send(await this.#store.change((state) => this.#claim(state)), signal);
  }

  async #send({ due, waiting }: Claim, signal: AbortSignal): Promise<Told> {
    const outcomes = await deliverAll(due, signal);
    await this.#store.change((state) => ({ state: this.#settled(state, due, outcomes), result: undefined }));
    signal.throwIfAborted();
    throwFirst(outcomes, waiting);
    return {
      sent: due.map(({ channel }) => channel.name),
      notes: outcomes.flatMap((outcome) => (outcome.kind === 'sent' && outcome.note ? [outcome.note] : [])),
    };
  }

  /** Takes all that is to be sent now, so that no other attempt sends it too. */
  #claim(state: NotifyState, event?: string): { readonly state: NotifyState; readonly result: Claim } {
    const now = this.#now();
    const kept = state.pending
      .filter((pending) => isNews(pending, now) && this.#deliveries(pending).length > 0)
      .slice(-mostPending);
    const isFree = ({ claimedUntil }: PendingMessage) =>
      claimedUntil === undefined || claimedUntil <= now.toISOString();
    const claimedUntil = new Date(now.getTime() + claimMs).toISOString();
    return {
      state: {
        ...state,
        pending: kept.map((pending) => (isFree(pending) ? { ...pending, claimedUntil } : pending)),
      },
      result: {
        due: kept.filter(isFree).flatMap((pending) => this.#deliveries(pending)),
        // This very event may have been claimed by an attempt that was killed.
        waiting: kept.some((pending) => !isFree(pending) && pending.notification.id === event),
      },
    };
  }

  #addressed(notification: Notification): readonly PendingMessage[] {
    const channels = this.#channels
      .filter((channel) => isSevere(notification.severity, channel.severity))
      .map(({ name }) => name);
    return channels.length === 0 ? [] : [{ id: messageId(notification), notification, channels }];
  }

  /** Channels that are no longer configured get nothing, and nothing is kept for them. */
  #deliveries(message: PendingMessage): readonly Delivery[] {
    return this.#channels
      .filter(({ name }) => message.channels.includes(name))
      .map((channel) => ({ message, channel }));
  }

  #settled(state: NotifyState, due: readonly Delivery[], outcomes: readonly Outcome[]): NotifyState {
    const attempted = new Set(due.map(({ message }) => message.id));
    const open = new Set(
      due
        .filter((_, index) => outcomes[index]?.kind === 'later')
        .map(({ message, channel }) => key(message, channel.name)),
    );
    const pending = state.pending
      .map(({ claimedUntil, ...message }) => {
        if (!attempted.has(message.id))
          return claimedUntil === undefined ? message : { ...message, claimedUntil };
        return { ...message, channels: message.channels.filter((name) => open.has(key(message, name))) };
      })
      .filter(({ channels }) => channels.length > 0);
    return { ...state, pending };
  }
}

/** Sends a trial message by one channel, past all decisions and without a trace. */
export async function sendTest(channel: Channel, at: Date, signal: AbortSignal): Promise<string | undefined> {
  const notification: Notification = {
    id: `test/${at.toISOString()}`,
    topic: 'test',
    kind: 'test',
    severity: 'notice',
    title: `channel ${channel.name}`,
    message: 'This is a trial message. If you can read it, the channel works.',
    at: at.toISOString(),
    since: at.toISOString(),
    occurrences: 1,
  };
  const id = messageId(notification);
  return channel.send({ id, notification, rendered: render(notification) }, signal);
}

/** Channels side by side, the messages of one in order: one that cannot be told now keeps the later ones back. */
async function deliverAll(due: readonly Delivery[], signal: AbortSignal): Promise<readonly Outcome[]> {
  const outcomes = new Map<Delivery, Outcome>();
  const lanes = Map.groupBy(due, ({ channel }) => channel.name);
  await Promise.all(
    [...lanes.values()].map(async (lane) => {
      let stopped: Outcome | undefined;
      for (const delivery of lane) {
        const outcome = stopped ?? (await deliver(delivery, signal));
        if (outcome.kind === 'later') stopped = outcome;
        outcomes.set(delivery, outcome);
      }
    }),
  );
  return due.flatMap((delivery) => outcomes.get(delivery) ?? []);
}

async function deliver({ message, channel }: Delivery, signal: AbortSignal): Promise<Outcome> {
  const { id, notification } = message;
  try {
    const note = await channel.send({ id, notification, rendered: render(notification) }, signal);
    return note === undefined ? { kind: 'sent' } : { kind: 'sent', note: `${channel.name}: ${note}` };
  } catch (error) {
    if (isFailure(error, 'NotificationUnavailable')) return { kind: 'later', failure: error };
    if (isFailure(error, 'NotificationRefused')) return { kind: 'never', failure: error };
    const failure = isFailure(error)
      ? error
      : new Failure('Internal', `Channel ${channel.name} failed`, { cause: error });
    // A missing secret may be there after a restart of the worker; an abort is nobody's refusal.
    return { kind: 'later', failure };
  }
}

function throwFirst(outcomes: readonly Outcome[], waiting: boolean): void {
  const failures = outcomes.flatMap((outcome) => (outcome.kind === 'sent' ? [] : [outcome]));
  const later = [...new Set(failures.filter(({ kind }) => kind === 'later').map(({ failure }) => failure))];
  if (later.length > 0 || waiting) {
    const retryAfterMs = Math.max(
      0,
      ...later.map((failure) => failure.retryAfterMs ?? 0),
      waiting ? claimMs : 0,
    );
    const [first] = later;
    const message =
      later.map((failure) => failure.message).join('; ') || 'An earlier attempt may still be sending';
    throw new Failure('NotificationUnavailable', message, {
      ...(first === undefined ? {} : { advice: first.advice, cause: first }),
      ...(retryAfterMs === 0 ? {} : { retryAfterMs }),
    });
  }
  const [refused] = failures.map(({ failure }) => failure);
  if (refused === undefined) return;
  const message = failures.map(({ failure }) => failure.message).join('; ');
  throw new Failure('NotificationRefused', message, { advice: refused.advice, cause: refused });
}

function isSevere(severity: Severity, least: Severity): boolean {
  return severities.indexOf(severity) >= severities.indexOf(least);
}

function isNews({ notification }: PendingMessage, now: Date): boolean {
  return now.getTime() - Date.parse(notification.at) < keptMs;
}

function messageId({ topic, id, kind }: Notification): string {
  return createHash('sha256')
    .update(JSON.stringify([topic, id, kind]))
    .digest('hex')
    .slice(0, 32);
}

function key(message: Pick<PendingMessage, 'id'>, channel: string): string {
  return `${message.id} ${channel}`;
}
