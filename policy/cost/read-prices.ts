import { readFile } from 'node:fs/promises';
import { Failure, isFailure } from '../../contracts/failures.ts';
import { withOwnPrices } from './own-prices.ts';
import { listPrices, type PriceList } from './prices.ts';

/**
 * Our list with the prices of a file in place of ours.
 * @param file absolute path; without one, our list
 * @throws {Failure} InvalidInput naming the wrong field
 */
export async function readPrices(file: string | undefined): Promise<PriceList> {
  if (file === undefined) return listPrices;
  return withOwnPrices(await textOf(file), file);
}

/** The same for who must not be stopped by a wrong file: that is told, and our list is taken. */
export async function pricesOrList(
  file: string | undefined,
  onProblem: (message: string) => void,
): Promise<PriceList> {
  try {
    return await readPrices(file);
  } catch (error) {
    if (!isFailure(error, 'InvalidInput')) throw error;
    onProblem(`${error.message}; the list of ${listPrices.asOf} that comes with Resguardo is taken instead`);
    return listPrices;
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    throw new Failure('InvalidInput', `The prices in ${file} cannot be read: ${code}`, {
      cause,
      advice: 'Correct the path, `prices` of the configuration or --prices.',
    });
  }
}
