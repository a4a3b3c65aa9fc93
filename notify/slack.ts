import { IncomingWebhook, type IncomingWebhookSendArguments } from '@slack/webhook';
import type { SlackConfiguration } from '../configuration/notifications-schema.ts';
import { Failure, isFailure } from '../contracts/failures.ts';
import type { Notification } from '../contracts/notifications.ts';
import { hostOf, sendRequest } from '../http/request.ts';
import { type Channel, type ChannelDependencies, type ChannelMessage, channelFailures } from './channel.ts';

/** Slack cuts longer texts of a section off with an error (https://docs.slack.dev/reference/block-kit). */
const longestSection = 2900;
const longestHeader = 150;
const longestFact = 300;

export function createSlackChannel(
  name: string,
  { url: reference, severity }: SlackConfiguration,
  { resolve, timeoutMs }: ChannelDependencies,
): Channel {
  const send = async (message: ChannelMessage, signal: AbortSignal): Promise<undefined> => {
    const url = await resolve(reference);
    const webhook = new IncomingWebhook(url.reveal(), {
      // The package's own requests would have no abort signal, and errors with the URL in them.
      fetch: async (_, { body } = {}) => {
        const { status, text } = await sendRequest({
          name: `Slack channel ${name}`,
          url,
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: String(body),
          signal,
          failures: channelFailures,
          ...(timeoutMs === undefined ? {} : { timeoutMs }),
        });
        return new Response(text, { status });
      },
    });
    try {
      await webhook.send(slackMessage(message));
    } catch (error) {
      throw innermost(error, name, signal);
    }
  };
  const verify = async () =>
    `The URL at ${hostOf({ name: `Slack channel ${name}`, url: await resolve(reference), failures: channelFailures })} is known.`;
  return { name, severity, send, verify };
}

/** A message in Slack's blocks, with the subject as the text of the notification on the phone. */
function slackMessage({ rendered, notification }: ChannelMessage): IncomingWebhookSendArguments {
  const { subject, message, advice, command, facts } = rendered;
  const paragraphs = [
    escapeText(message),
    ...(advice === undefined ? [] : [`*What to do:* ${escapeText(advice)}`]),
    ...(command === undefined ? [] : [`\`\`\`${escapeText(command).replaceAll('```', "'''")}\`\`\``]),
  ];
  return {
    text: escapeText(subject),
    blocks: [
      {
        type: 'header',
        text: { type: 'plain_text', text: `${sign(notification)} ${subject}`.slice(0, longestHeader) },
      },
      { type: 'section', text: { type: 'mrkdwn', text: paragraphs.join('\n').slice(0, longestSection) } },
      {
        type: 'context',
        elements: facts.slice(0, 10).map(([fact, value]) => ({
          type: 'mrkdwn',
          text: `*${escapeText(fact)}:* ${escapeText(value)}`.slice(0, longestFact),
        })),
      },
    ],
  };
}

function sign({ kind, severity }: Notification): string {
  if (kind === 'recovery') return '✅';
  if (kind === 'test') return '🔔';
  return { critical: '🔴', warning: '🟠', notice: '🔵' }[severity];
}

/** https://docs.slack.dev/messaging/formatting-message-text: these three begin links and mentions. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Our own failure comes back wrapped by the package. */
function innermost(error: unknown, name: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  for (
    let current = error;
    current instanceof Error;
    current = 'original' in current ? current.original : current.cause
  ) {
    if (isFailure(current)) return current;
  }
  return new Failure('NotificationRefused', `Slack channel ${name}: the message cannot be sent`);
}
