import type { Notification, Severity } from '../contracts/notifications.ts';
import type { Secret } from '../secrets/secret.ts';
import type { RenderedNotification } from './render.ts';

/** A way to tell people. */
export interface Channel {
  /** Name in the configuration. */
  readonly name: string;
  /** The least severity that it gets. */
  readonly severity: Severity;
  /**
   * Sends one message, once; tries nothing again by itself.
   * @returns what a person should know although the message was sent, such as a refused address
   * @throws {Failure} NotificationUnavailable (may go well later), NotificationRefused (a person must look),
   *   SecretUnavailable
   */
  send(message: ChannelMessage, signal: AbortSignal): Promise<string | undefined>;
  /**
   * Looks whether it could send, without sending.
   * @returns a sentence on what was found
   * @throws {Failure} as `send`
   */
  verify(signal: AbortSignal): Promise<string>;
}

export interface ChannelMessage {
  /** The same for each attempt to send this message. */
  readonly id: string;
  readonly notification: Notification;
  readonly rendered: RenderedNotification;
}

/** What channels need of the world around them. */
export interface ChannelDependencies {
  /** Gets the value behind a reference; called for each message, so that a changed secret is used. */
  readonly resolve: (reference: string) => Promise<Secret>;
  /** Host of the configuration, for the sender of mails. */
  readonly host: string;
  /** Longest time for one message. Default: that of the channel. */
  readonly timeoutMs?: number;
}

/** What channels call the failures of HTTP. */
export const channelFailures = {
  unavailable: 'NotificationUnavailable',
  refused: 'NotificationRefused',
} as const;
