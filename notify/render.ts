import type { Notification, NotificationKind } from '../contracts/notifications.ts';
import { formatAge } from '../policy/wording.ts';

/** A notification in words, without the form of any channel. */
export interface RenderedNotification {
  /** One line, without control characters. */
  readonly subject: string;
  /** What happened and why; line breaks kept. */
  readonly message: string;
  readonly advice?: string;
  readonly command?: string;
  /** Name and value, in order. */
  readonly facts: readonly (readonly [string, string])[];
}

const longestMessage = 4000;

const words: Record<NotificationKind, string> = {
  problem: 'FAILED',
  worse: 'WORSE',
  changed: 'STILL FAILING, for another reason',
  reminder: 'STILL FAILING',
  recovery: 'RECOVERED',
  test: 'TEST',
};

/** Puts a notification into words: what, why, what to do, since when. */
export function render(notification: Notification): RenderedNotification {
  const { severity, kind, title, message, advice, command, facts = {}, topic } = notification;
  const word = kind === 'problem' && severity !== 'critical' ? severity.toUpperCase() : words[kind];
  return {
    subject: oneLine(`[Resguardo] ${word}: ${title}`),
    message: printable(message).slice(0, longestMessage),
    ...(advice === undefined || kind === 'recovery' ? {} : { advice: printable(advice) }),
    ...(command === undefined || kind === 'recovery' ? {} : { command: oneLine(command) }),
    facts: [
      ...duration(notification),
      ...Object.entries(facts).map(([name, value]) => [oneLine(name), oneLine(value)] as const),
      ['Topic', oneLine(topic)] as const,
    ],
  };
}

/** The whole as plain text, for mail and for logs. */
export function renderText(rendered: RenderedNotification): string {
  const { message, advice, command, facts } = rendered;
  const paragraphs = [
    message,
    ...(advice === undefined ? [] : [`What to do: ${advice}`]),
    ...(command === undefined ? [] : [`    ${command}`]),
    facts.map(([name, value]) => `${name}: ${value}`).join('\n'),
  ];
  return `${paragraphs.join('\n\n')}\n`;
}

function duration({ kind, since, at, occurrences }: Notification): readonly (readonly [string, string])[] {
  const lasted = formatAge(Date.parse(at) - Date.parse(since));
  const times = occurrences > 1 ? `, seen ${occurrences} times` : '';
  switch (kind) {
    case 'problem':
    case 'test':
      return [['Time', minute(at)]];
    case 'recovery':
      return [
        ['Recovered', minute(at)],
        ['Trouble since', `${minute(since)}, for ${lasted}${times}`],
      ];
    case 'worse':
    case 'changed':
    case 'reminder':
      return [['Since', `${minute(since)}, for ${lasted}${times}`]];
  }
}

/** "2026-11-21 02:03 UTC" */
function minute(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

/** Control characters would forge lines and headers, or colour a terminal; bidirectional marks reorder text. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}]/gu, (character) => (character === '\n' ? '\n' : ' '));
}

function oneLine(text: string): string {
  return printable(text).replaceAll(/\s+/g, ' ').trim();
}
