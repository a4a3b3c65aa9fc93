import { z } from 'zod';
import { Failure } from '../../contracts/failures.ts';
import { listPrices, type PriceList } from './prices.ts';

const amount = z.number().min(0);
const hours = z.tuple([amount, amount]);
const thawSchema = z.strictObject({ perGb: amount, per1000: amount, hours });
const classSchema = z.strictObject({
  storagePerGbMonth: amount,
  putPer1000: amount,
  getPer1000: amount,
  retrievalPerGb: amount.optional(),
  leastDays: amount.optional(),
  leastObjectBytes: amount.optional(),
  overheadBytes: amount.optional(),
  thaw: z
    .strictObject({
      bulk: thawSchema.optional(),
      standard: thawSchema.optional(),
      expedited: thawSchema.optional(),
    })
    .optional(),
});
const providerSchema = z.strictObject({
  name: z.string(),
  of: z.string(),
  source: z.string(),
  hosts: z.array(z.string().min(1)).optional(),
  gbBytes: z.int().min(1),
  egressPerGb: amount,
  freeEgressBytes: amount.optional(),
  freeEgressRatio: amount.optional(),
  defaultClass: z.string(),
  classes: z.record(z.string(), classSchema),
});

/** A class needs all its prices; of a provider that is in our list, fields may be left out. */
const priceFileSchema = z.strictObject({
  asOf: z.string(),
  providers: z.record(z.string(), providerSchema.partial()),
});

/**
 * Our list with prices of one's own in place of ours: by provider and class.
 * @param json text of the file
 * @throws {Failure} InvalidInput naming the wrong field
 */
export function withOwnPrices(json: string, file: string): PriceList {
  const parsed = priceFileSchema.safeParse(parseJson(json, file));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw wrong(file, `${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { asOf, providers } = parsed.data;
  const merged = Object.entries(providers).map(([key, own]) => {
    const listed = listPrices.providers[key];
    const whole = providerSchema.safeParse({
      ...listed,
      ...own,
      classes: { ...listed?.classes, ...own.classes },
    });
    if (whole.success) return [key, whole.data] as const;
    const [issue] = whole.error.issues;
    throw wrong(file, `providers.${key}.${issue?.path.join('.')}: ${issue?.message}`);
  });
  return { asOf, providers: { ...listPrices.providers, ...Object.fromEntries(merged) } };
}

function parseJson(json: string, file: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw wrong(file, 'it is no JSON');
  }
}

function wrong(file: string, why: string): Failure {
  return new Failure('InvalidInput', `The prices in ${file} are wrong: ${why}`, {
    advice: 'docs/cost.md has an example.',
  });
}
