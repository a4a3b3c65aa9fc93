import { resolve } from 'node:path';
import type { PriceList } from '../policy/cost/prices.ts';
import { pricesOrList, readPrices } from '../policy/cost/read-prices.ts';
import type { CommandContext } from './context.ts';
import { isConfigured, type RepositorySelection } from './repository-access.ts';

export interface PriceSelection extends RepositorySelection {
  /** File of one's own. */
  readonly prices?: string;
}

/**
 * The prices that a command means: those of `--prices`, else of the configuration, if the repository is of one, else ours.
 * @throws {Failure} InvalidInput for a file that is wrong
 */
export async function chosenPrices(context: CommandContext, selection: PriceSelection): Promise<PriceList> {
  return await readPrices(await priceFile(context, selection));
}

/** The same for a command that a wrong file must not stop. */
export async function tolerantPrices(
  context: CommandContext,
  selection: PriceSelection,
  note: (text: string) => void,
): Promise<PriceList> {
  return await pricesOrList(await priceFile(context, selection), note);
}

async function priceFile(
  context: CommandContext,
  { prices, ...selection }: PriceSelection,
): Promise<string | undefined> {
  if (prices !== undefined) return resolve(context.cwd, prices);
  if (!(await isConfigured(context, selection))) return undefined;
  const { loadContextConfiguration } = await import('./configuration.ts');
  return (await loadContextConfiguration(context)).prices;
}
