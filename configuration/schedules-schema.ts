import { z } from 'zod';
import { nameSchema } from '../contracts/inputs.ts';
import { durationSchema } from './duration-schema.ts';

/** The section `schedules` of the configuration: when each of our schedules runs. */

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const timeSchema = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time HH:MM of 24 hours, in quotes, such as "02:00"');

export const weekdays = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const;
export type Weekday = (typeof weekdays)[number];

const daysMessage =
  'must be a weekday such as sunday, a list of weekdays, or a day of every month, from 1 to 28';

const daysSchema = z.union(
  [
    z.enum(weekdays),
    z.array(z.enum(weekdays)).min(1).max(7),
    z.int().min(1, daysMessage).max(28, daysMessage),
  ],
  daysMessage,
);

const timeZoneSchema = z.string().refine(isTimeZone, {
  error: 'must be a time zone of the IANA list, such as UTC, Europe/Madrid or America/New_York',
});

// Temporal refuses catch-up windows under 10 s; a year is its own default.
const catchUpSchema = durationSchema({ leastMs: 10_000, mostMs: 366 * dayMs });

const scheduleFields = {
  enabled: z
    .boolean()
    .optional()
    .meta({
      description: 'A schedule that is switched off here is removed from the server. Default: true.',
      examples: [false],
    }),
  at: z
    .union(
      [timeSchema, z.array(timeSchema).min(1).max(24)],
      'must be a time HH:MM of 24 hours, in quotes, such as "02:00", or a list of such times',
    )
    .optional()
    .meta({ description: 'Time of the day, or several. Not together with `every`.', examples: ['02:00'] }),
  on: daysSchema.optional().meta({
    description: 'Weekday, weekdays or day of the month, together with `at`. Default: every day.',
    examples: ['sunday'],
  }),
  every: durationSchema({ leastMs: minuteMs, mostMs: 366 * dayMs })
    .optional()
    .meta({
      description: 'Interval, counted from midnight UTC where it divides a day. Not together with `at`.',
      examples: ['6h'],
    }),
  offset: durationSchema({ leastMs: 0, mostMs: 366 * dayMs })
    .optional()
    .meta({
      description:
        'Moves an interval: `every: 6h` with `offset: 1h` runs at 01:00, 07:00, 13:00 and 19:00 UTC.',
      examples: ['1h'],
    }),
  timeZone: timeZoneSchema.optional().meta({
    description: 'Time zone of `at`. Default: schedules.timeZone.',
    examples: ['Europe/Madrid'],
  }),
  jitter: durationSchema({ leastMs: 0, mostMs: dayMs })
    .optional()
    .meta({
      description: 'The start is put off by a random part of this.',
      examples: ['5m'],
    }),
  catchUp: catchUpSchema.optional().meta({
    description: 'A run missed while the server was down is made up for when it is not older than this.',
    examples: ['20h'],
  }),
};

const scheduleSchema = z.strictObject(scheduleFields).superRefine(checkTiming).prefault({});

const verificationScheduleSchema = z
  .strictObject({
    ...scheduleFields,
    readDataPercent: z
      .number()
      .min(0)
      .max(100)
      .optional()
      .meta({
        description: 'Share of the stored data that each run reads and decrypts, in percent. Default: 10.',
        examples: [10],
      }),
  })
  .superRefine(checkTiming)
  .prefault({});

const copiesScheduleSchema = z
  .strictObject({
    ...scheduleFields,
    repositories: z
      .record(nameSchema, scheduleSchema)
      .default({})
      .meta({
        description:
          'Times of their own for repositories, by name: these get copies then, and not after each backup.',
        examples: [{ archive: { at: '05:00', on: 'sunday' } }],
      }),
  })
  .superRefine(checkTiming)
  .prefault({});

export const schedulesSchema = z.strictObject({
  timeZone: timeZoneSchema.default('UTC').meta({
    description:
      'Time zone of all times. UTC has no daylight saving, so no hour is missing or doubled in it.',
    examples: ['Europe/Madrid'],
  }),
  jitter: durationSchema({ leastMs: 0, mostMs: dayMs })
    .optional()
    .meta({
      description: 'Random delay of all schedules that name none of their own.',
      examples: ['5m'],
    }),
  automated_backups: scheduleSchema.meta({
    description: 'Backs up every source. Default: daily at 02:00.',
    examples: [{ at: '02:00' }],
  }),
  incremental_backups: scheduleSchema.meta({
    description: 'Backs up every source in between. Default: every 6 hours.',
    examples: [{ every: '6h' }],
  }),
  security_monitoring: scheduleSchema.meta({
    description: 'Looks for changes that Resguardo did not make. Default: every 15 minutes.',
    examples: [{ every: '15m' }],
  }),
  k8s_backups: scheduleSchema.meta({
    description: 'Backs up the resources of the Kubernetes cluster. Default: daily at 03:00.',
    examples: [{ at: '03:00' }],
  }),
  backup_verification: verificationScheduleSchema.meta({
    description: 'Checks the repositories. Default: daily at 06:00.',
    examples: [{ at: '06:00', readDataPercent: 10 }],
  }),
  backup_analytics_report: scheduleSchema.meta({
    description: 'Writes the report of the runs. Default: daily at 08:00.',
    examples: [{ at: '08:00' }],
  }),
  backup_compliance_check: scheduleSchema.meta({
    description: 'Checks retention, freshness, encryption and copies. Default: daily at 09:00.',
    examples: [{ at: '09:00' }],
  }),
  repository_prune: scheduleSchema.meta({
    description:
      'Forgets snapshots by the retention policies, and removes what nothing needs. Default: daily at 04:30.',
    examples: [{ at: '04:30', on: 'sunday' }],
  }),
  repository_copies: copiesScheduleSchema.meta({
    description:
      'Copies what the repositories of copies and defaultCopies lack; after each backup this happens by itself. Default: every 6 hours.',
    examples: [{ every: '6h' }],
  }),
  monthly_archive: scheduleSchema.meta({
    description:
      'Copies the newest snapshot of each source into the repositories with archive: true. Default: on the first of the month at 05:30.',
    examples: [{ at: '05:30', on: 1 }],
  }),
  object_lock_renewal: scheduleSchema.meta({
    description:
      'Locks the objects of repositories with s3.objectLock anew, and proves that the locks hold. Default: Sundays at 05:00.',
    examples: [{ at: '05:00', on: 'sunday' }],
  }),
});

export type SchedulesConfiguration = Readonly<z.output<typeof schedulesSchema>>;
export type ScheduleConfiguration = Readonly<z.output<typeof scheduleSchema>>;

type Timing = {
  readonly at?: unknown;
  readonly on?: unknown;
  readonly every?: unknown;
  readonly offset?: unknown;
};

function checkTiming(schedule: Timing, context: z.core.$RefinementCtx): void {
  const problem = (field: keyof Timing, message: string) =>
    context.addIssue({ code: 'custom', path: [field], message });
  if (schedule.at !== undefined && schedule.every !== undefined) {
    problem(
      'every',
      'must not stand together with at: keep one of the two, such as at: "02:00" or every: 6h',
    );
  }
  if (schedule.on !== undefined && schedule.at === undefined) {
    problem('on', 'needs the time of the day beside it, such as at: "03:30"');
  }
  if (schedule.offset !== undefined && schedule.every === undefined) {
    problem('offset', 'needs the interval beside it, such as every: 6h');
  }
}

/** Whether the name stands in the list of IANA time zones that Node brings. */
function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    // Offsets such as +01:00 are zones to Intl, but not to Temporal.
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}
