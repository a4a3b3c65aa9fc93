import { z } from 'zod';
import { nameSchema } from '../contracts/inputs.ts';
import { severities } from '../contracts/notifications.ts';
import { durationSchema } from './duration-schema.ts';
import { secretReferenceSchema } from './reference-schema.ts';

/** The section `notifications` of the configuration: who is told, about what, by which way. */

const dayMs = 86_400_000;

const channelFields = {
  severity: z
    .enum(severities)
    .default('warning')
    .meta({
      description: 'The least severity that this channel gets: notice, warning or critical.',
      examples: ['critical'],
    }),
};

const slackSchema = z
  .strictObject({
    kind: z.literal('slack'),
    url: secretReferenceSchema.meta({
      description: "Reference to the URL of Slack's incoming webhook, which is a secret as a whole.",
      examples: ['env:SLACK_WEBHOOK_URL'],
    }),
    ...channelFields,
  })
  .meta({ title: 'Slack', description: 'A Slack channel, by an incoming webhook.' });

const discordSchema = z
  .strictObject({
    kind: z.literal('discord'),
    url: secretReferenceSchema.meta({
      description: "Reference to the URL of the channel's webhook, which is a secret as a whole.",
      examples: ['env:DISCORD_WEBHOOK_URL'],
    }),
    ...channelFields,
  })
  .meta({ title: 'Discord', description: 'A Discord channel, by a webhook.' });

const addressSchema = z
  .string()
  .regex(/^(?:[^<>\r\n"]*<)?[^\s<>,;@"]+@[^\s<>,;@"]+>?$/, 'must be a mail address such as ops@example.com');

const smtpSchema = z.strictObject({
  host: z
    .string()
    .min(1)
    .max(253)
    .default('localhost')
    .meta({
      description: 'Mail server that takes the messages.',
      examples: ['smtp.example.com'],
    }),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .meta({
      description: 'Default: 465 with tls: tls, 25 for localhost without a user, else 587.',
      examples: [587],
    }),
  user: z
    .string()
    .min(1)
    .optional()
    .meta({
      description: 'User to log in with. Left out where the server asks for none.',
      examples: ['backup@example.com'],
    }),
  password: secretReferenceSchema.optional().meta({
    description: "Reference to that user's password.",
    examples: ['env:SMTP_PASSWORD'],
  }),
  tls: z
    .enum(['auto', 'tls', 'starttls', 'none'])
    .default('auto')
    .meta({
      description:
        'auto encrypts where the server can, and insists on it before a password is sent to another machine; tls from the first byte (port 465); starttls or nothing; none.',
      examples: ['starttls'],
    }),
});

const emailSchema = z
  .strictObject({
    kind: z.literal('email'),
    to: z
      .array(addressSchema)
      .min(1)
      .max(50)
      .meta({
        description: 'Who gets the mail.',
        examples: [['ops@example.com']],
      }),
    from: addressSchema.optional().meta({
      description: 'Sender. Default: resguardo@ the host of this configuration.',
      examples: ['resguardo@example.com'],
    }),
    smtp: smtpSchema.prefault({}).meta({
      description: 'The mail server.',
      examples: [{ host: 'smtp.example.com', user: 'backup@example.com', password: 'env:SMTP_PASSWORD' }],
    }),
    ...channelFields,
  })
  .meta({ title: 'Mail', description: 'Mail to one or several addresses.' });

const webhookSchema = z
  .strictObject({
    kind: z.literal('webhook'),
    url: z
      .union(
        [secretReferenceSchema, z.url({ protocol: /^https?$/ })],
        'must be env:NAME or file:PATH that holds the URL, or a URL that is no secret, such as https://alerts.example.com/resguardo',
      )
      .meta({
        description:
          'Where the notification is posted to as JSON: the URL, or a reference to it when it is a secret.',
        examples: ['env:ALERTS_URL'],
      }),
    headers: z
      .record(
        z.string().regex(/^[A-Za-z0-9-]{1,100}$/, 'must be the name of an HTTP header'),
        secretReferenceSchema,
      )
      .default({})
      .meta({
        description: 'Headers that are sent along, as references to their values.',
        examples: [{ Authorization: 'env:ALERTS_AUTHORIZATION' }],
      }),
    ...channelFields,
  })
  .meta({ title: 'Webhook', description: 'Any service that takes JSON by HTTP POST.' });

export const channelSchema = z.discriminatedUnion('kind', [
  slackSchema,
  discordSchema,
  emailSchema,
  webhookSchema,
]);

const pingSchema = z.strictObject({
  url: secretReferenceSchema.meta({
    description: "Reference to the check's ping URL; /start and /fail are added to it.",
    examples: ['env:HEALTHCHECKS_DAILY'],
  }),
  of: z
    .array(nameSchema)
    .min(1)
    .meta({
      description: 'Sources or schedules whose runs are reported to the check.',
      examples: [['automated_backups']],
    }),
});

export const notificationsSchema = z.strictObject({
  reminderAfter: durationSchema({ leastMs: 0, mostMs: 366 * dayMs })
    .default('24h')
    .meta({
      description: 'Trouble that lasts is told again after this time. 0s: never.',
      examples: ['24h'],
    }),
  channels: z
    .record(nameSchema, channelSchema)
    .default({})
    .meta({
      description: 'Ways to tell people, by name.',
      examples: [{ ops: { kind: 'slack', url: 'env:SLACK_WEBHOOK_URL' } }],
    }),
  pings: z
    .record(nameSchema, pingSchema)
    .default({})
    .meta({
      description:
        'Checks of Healthchecks.io or the like, which raise an alarm when Resguardo itself is silent.',
      examples: [{ nightly: { url: 'env:HEALTHCHECKS_DAILY', of: ['automated_backups'] } }],
    }),
});

export type NotificationsConfiguration = Readonly<z.output<typeof notificationsSchema>>;
export type ChannelConfiguration = Readonly<z.output<typeof channelSchema>>;
export type SlackConfiguration = Readonly<z.output<typeof slackSchema>>;
export type DiscordConfiguration = Readonly<z.output<typeof discordSchema>>;
export type EmailConfiguration = Readonly<z.output<typeof emailSchema>>;
export type WebhookConfiguration = Readonly<z.output<typeof webhookSchema>>;
export type PingConfiguration = Readonly<z.output<typeof pingSchema>>;
