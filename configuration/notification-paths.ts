import type { ChannelConfiguration, NotificationsConfiguration } from './notifications-schema.ts';
import { absoluteReference } from './references.ts';

/** The notifications with all their references made absolute. */
export function notificationsWithPaths(
  folder: string,
  { channels, pings, ...others }: NotificationsConfiguration,
): NotificationsConfiguration {
  return {
    ...others,
    channels: mapValues(channels, (channel) => channelWithPaths(folder, channel)),
    pings: mapValues(pings, (ping) => ({ ...ping, url: absoluteReference(folder, ping.url) })),
  };
}

function channelWithPaths(folder: string, channel: ChannelConfiguration): ChannelConfiguration {
  const absolute = (reference: string) => absoluteReference(folder, reference);
  switch (channel.kind) {
    case 'slack':
    case 'discord':
      return { ...channel, url: absolute(channel.url) };
    case 'webhook':
      return { ...channel, url: absolute(channel.url), headers: mapValues(channel.headers, absolute) };
    case 'email': {
      const { password } = channel.smtp;
      if (password === undefined) return channel;
      return { ...channel, smtp: { ...channel.smtp, password: absolute(password) } };
    }
  }
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
