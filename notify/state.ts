import type { Notification } from '../contracts/notifications.ts';
import type { TopicState } from './decide.ts';

/** A decided message that some channels have not got yet. */
export interface PendingMessage {
  readonly id: string;
  readonly notification: Notification;
  /** Names of the channels that have not got it. */
  readonly channels: readonly string[];
  /** ISO time until which an attempt is under way; a killed attempt's claim ends by itself. */
  readonly claimedUntil?: string;
}

/** What is remembered between events: plain JSON. */
export interface NotifyState {
  readonly topics: Readonly<Record<string, TopicState>>;
  readonly pending: readonly PendingMessage[];
}

export const emptyNotifyState: NotifyState = { topics: {}, pending: [] };

/** Where the state is kept. */
export interface NotifyStore {
  /** Reads the state and writes what the function returns, one change at a time. */
  change<T>(change: (state: NotifyState) => { readonly state: NotifyState; readonly result: T }): Promise<T>;
}
