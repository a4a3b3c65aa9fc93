import type { WebhookConfiguration } from '../configuration/notifications-schema.ts';
import { hostOf, sendRequest } from '../http/request.ts';
import { Secret } from '../secrets/secret.ts';
import { type Channel, type ChannelDependencies, type ChannelMessage, channelFailures } from './channel.ts';
import { renderText } from './render.ts';

/** Posts the notification as JSON: contracts/notifications.ts, with its id, subject and text. */
export function createWebhookChannel(
  name: string,
  { url, headers, severity }: WebhookConfiguration,
  { resolve, timeoutMs }: ChannelDependencies,
): Channel {
  const target = async () => (/^https?:/.test(url) ? new Secret(url) : await resolve(url));
  const send = async (message: ChannelMessage, signal: AbortSignal): Promise<undefined> => {
    const given: Record<string, string> = {};
    for (const [header, reference] of Object.entries(headers)) {
      given[header] = (await resolve(reference)).reveal();
    }
    await sendRequest({
      name: `webhook ${name}`,
      url: await target(),
      method: 'POST',
      // The key lets the other side know a message that it gets twice.
      headers: { ...given, 'Content-Type': 'application/json', 'Idempotency-Key': message.id },
      body: webhookBody(message),
      signal,
      failures: channelFailures,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  };
  const verify = async () => {
    for (const reference of Object.values(headers)) await resolve(reference);
    return `The URL at ${hostOf({ name: `webhook ${name}`, url: await target(), failures: channelFailures })} is known.`;
  };
  return { name, severity, send, verify };
}

function webhookBody({ id, notification, rendered }: ChannelMessage): string {
  const { id: event, ...content } = notification;
  return JSON.stringify({
    version: 1,
    id,
    event,
    subject: rendered.subject,
    text: renderText(rendered),
    ...content,
  });
}
