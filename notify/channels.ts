import type {
  ChannelConfiguration,
  NotificationsConfiguration,
} from '../configuration/notifications-schema.ts';
import type { Channel, ChannelDependencies } from './channel.ts';
import { createDiscordChannel } from './discord.ts';
import { createEmailChannel } from './email.ts';
import { createSlackChannel } from './slack.ts';
import { createWebhookChannel } from './webhook.ts';

/** The channels of the configuration, in its order. Nothing is resolved or connected before a message is sent. */
export function createChannels(
  { channels }: Pick<NotificationsConfiguration, 'channels'>,
  dependencies: ChannelDependencies,
): readonly Channel[] {
  return Object.entries(channels).map(([name, channel]) => createChannel(name, channel, dependencies));
}

function createChannel(
  name: string,
  channel: ChannelConfiguration,
  dependencies: ChannelDependencies,
): Channel {
  switch (channel.kind) {
    case 'slack':
      return createSlackChannel(name, channel, dependencies);
    case 'discord':
      return createDiscordChannel(name, channel, dependencies);
    case 'email':
      return createEmailChannel(name, channel, dependencies);
    case 'webhook':
      return createWebhookChannel(name, channel, dependencies);
  }
}
