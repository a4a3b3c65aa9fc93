import { z } from 'zod';

/** How long snapshots are kept: by the run that made them, and by rules with restic's meaning. */

/** As restic's `--keep-within`: years, months, days and hours. */
const keepDuration = z
  .string()
  .regex(
    /^(?:\d{1,6}[ymdh])+$/,
    'must be a duration of years, months, days and hours, such as 7d, 3m or 1y6m',
  );

const countSchema = z.union(
  [z.int().min(1).max(1_000_000), z.literal('unlimited')],
  'must be a number of snapshots such as 7, or unlimited',
);

const tagSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^,\s]+$/, 'must be a tag without commas and spaces, such as pre-deploy');

const count = (description: string, example: number) =>
  countSchema.optional().meta({ description, examples: [example] });
const within = (description: string, example: string) =>
  keepDuration.optional().meta({ description, examples: [example] });

const keepSchema = z.strictObject({
  last: count('The newest snapshots.', 10),
  hourly: count('The newest of each of so many hours.', 24),
  daily: count('The newest of each of so many days.', 7),
  weekly: count('The newest of each of so many weeks.', 5),
  monthly: count('The newest of each of so many months.', 12),
  yearly: count('The newest of each of so many years.', 3),
  within: within('All that are not older than this, counted from the newest.', '14d'),
  withinHourly: within('The newest of each hour, as long as they are not older than this.', '2d'),
  withinDaily: within('The newest of each day, as long as they are not older than this.', '30d'),
  withinWeekly: within('The newest of each week, as long as they are not older than this.', '1y'),
  withinMonthly: within('The newest of each month, as long as they are not older than this.', '5y'),
  withinYearly: within('The newest of each year, as long as they are not older than this.', '10y'),
  tags: z
    .array(tagSchema)
    .min(1)
    .max(50)
    .optional()
    .meta({ description: 'All that have one of these tags.', examples: [['pre-deploy']] }),
});

const keep = keepSchema.optional().meta({
  description: 'Kept beyond that: rules with the meaning of restic, applied to each source by itself.',
  examples: [{ monthly: 12, tags: ['pre-deploy'] }],
});

const classes = {
  incremental: ['How long snapshots of incremental runs are kept.', '7d'],
  daily: ['How long daily snapshots, and those of people, are kept.', '30d'],
  weekly: ['How long weekly snapshots are kept.', '84d'],
  monthly: ['How long monthly snapshots are kept.', '90d'],
} as const;

const withDefault = (name: keyof typeof classes) => {
  const [description, example] = classes[name];
  return keepDuration.default(example).meta({ description, examples: [example] });
};
const withoutDefault = (name: keyof typeof classes) => {
  const [description, example] = classes[name];
  return keepDuration.optional().meta({
    description: `${description} Default: that of policies.retention.`,
    examples: [example],
  });
};

/** The section `policies.retention`. */
export const retentionSchema = z
  .strictObject({
    incremental: withDefault('incremental'),
    daily: withDefault('daily'),
    weekly: withDefault('weekly'),
    monthly: withDefault('monthly'),
    keep,
  })
  .superRefine((retention, context) => {
    const { keep: rules, ...durations } = retention;
    if (rules !== undefined && Object.keys(rules).length > 0) return;
    if (Object.values(durations).some((duration) => /[1-9]/.test(duration))) return;
    const message = 'keeps nothing at all: leave one duration above zero, such as daily: 30d';
    context.addIssue({ code: 'custom', path: ['daily'], message });
  });

/** `retention` of a repository: what is left out is as in `policies.retention`. */
export const repositoryRetentionSchema = z.strictObject({
  incremental: withoutDefault('incremental'),
  daily: withoutDefault('daily'),
  weekly: withoutDefault('weekly'),
  monthly: withoutDefault('monthly'),
  keep,
});

export type RetentionConfiguration = Readonly<z.output<typeof retentionSchema>>;
export type KeepConfiguration = Readonly<z.output<typeof keepSchema>>;
