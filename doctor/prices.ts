import { readPrices } from '../policy/cost/read-prices.ts';
import { type Check, failed, ok } from './check.ts';
import type { DoctorContext } from './context.ts';

const check = 'prices';

/** Prices of one's own; a restore goes without them when they are wrong, and says so in the log alone. */
export function priceChecks({ configuration: { prices: file } }: DoctorContext): readonly Check[] {
  if (file === undefined) return [];
  return [
    {
      check,
      subject: file,
      async run() {
        try {
          return [ok(check, file, `They are of ${(await readPrices(file)).asOf}.`)];
        } catch (error) {
          return [failed(check, file, error)];
        }
      },
    },
  ];
}
