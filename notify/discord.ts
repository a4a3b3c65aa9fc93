import type { DiscordConfiguration } from '../configuration/notifications-schema.ts';
import { hostOf, sendRequest } from '../http/request.ts';
import { type Channel, type ChannelDependencies, type ChannelMessage, channelFailures } from './channel.ts';

/** Discord refuses longer texts (https://docs.discord.com/developers/resources/message#embed-object-embed-limits). */
const longest = { title: 256, description: 4096, name: 256, value: 1024 };
const mostFields = 25;
/** Of all texts of a message together: 6000, with room for the title and the facts. */
const longestDescription = Math.min(longest.description, 3000);
const longestFacts = 2500;

const colours = { critical: 0xd1242f, warning: 0xe36209, notice: 0x0969da } as const;
const recoveryColour = 0x1a7f37;

/** Posts to a channel of Discord by its webhook. */
export function createDiscordChannel(
  name: string,
  { url: reference, severity }: DiscordConfiguration,
  { resolve, timeoutMs }: ChannelDependencies,
): Channel {
  const label = `Discord channel ${name}`;
  const send = async (message: ChannelMessage, signal: AbortSignal): Promise<undefined> => {
    await sendRequest({
      name: label,
      url: await resolve(reference),
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(discordMessage(message)),
      signal,
      failures: channelFailures,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  };
  const verify = async () =>
    `The URL at ${hostOf({ name: label, url: await resolve(reference), failures: channelFailures })} is known.`;
  return { name, severity, send, verify };
}

/** A message with one embed. Nobody is mentioned, whatever a path or a failure says. */
export function discordMessage({ rendered, notification }: ChannelMessage) {
  const { subject, message, advice, command, facts } = rendered;
  const paragraphs = [
    escapeText(message),
    ...(advice === undefined ? [] : [`**What to do:** ${escapeText(advice)}`]),
    ...(command === undefined ? [] : [`\`\`\`\n${command.replaceAll('```', "'''")}\n\`\`\``]),
  ];
  const isOver = notification.kind === 'recovery';
  return {
    allowed_mentions: { parse: [] },
    embeds: [
      {
        title: escapeText(subject).slice(0, longest.title),
        description: paragraphs.join('\n').slice(0, longestDescription),
        color: isOver ? recoveryColour : colours[notification.severity],
        fields: fieldsOf(facts),
        timestamp: notification.at,
      },
    ],
  };
}

function fieldsOf(facts: ChannelMessage['rendered']['facts']) {
  const shown = facts.slice(0, mostFields);
  const longestOne = Math.min(longest.value, Math.floor(longestFacts / Math.max(1, shown.length)));
  return shown.map(([fact, value]) => ({
    name: escapeText(fact).slice(0, longest.name),
    // An empty value is refused.
    value: escapeText(value).slice(0, longestOne) || '-',
    inline: true,
  }));
}

/** What begins markup, mentions and links in Discord's text. */
function escapeText(text: string): string {
  return text.replaceAll(/[\\*_~`|>#<[\]]/g, String.raw`\$&`);
}
