import { Failure } from '../../contracts/failures.ts';
import { type PriceList, providerOf } from '../../policy/cost/prices.ts';
import { type CostReport, CostReporter } from '../../policy/cost/report.ts';
import { takeStock } from '../../repository/stock.ts';
import { withLockedRepository } from '../composition.ts';
import type { CommandContext, Definition } from '../context.ts';
import { withExamples } from '../examples.ts';
import { positiveInteger } from '../option-values.ts';
import { renderCost } from '../output/cost.ts';
import { chosenPrices, type PriceSelection } from '../prices.ts';
import { addRepositoryOptions, isConfigured } from '../repository-access.ts';

interface Options extends PriceSelection {
  readonly as?: string;
  readonly months?: number;
}

const defaultMonths = 12;

export function defineCost({ parent, run }: Definition): void {
  const command = parent
    .command('cost')
    .description('what a repository costs at list prices: now, in other classes, in a year, and to read')
    .option(
      '--as <provider>',
      'as if it lay at aws, azure, gcs, b2, wasabi or r2; with a class: aws:DEEP_ARCHIVE',
    )
    .option(
      '--prices <file>',
      'prices of your own, as JSON, in place of ours (default: `prices` of the configuration)',
    )
    .option('--months <count>', 'months that are foretold (default: 12)', positiveInteger);
  addRepositoryOptions(command).action(run(cost));
  withExamples(command, [
    ['resguardo cost --repository offsite', 'of a repository of the configuration'],
    ['resguardo cost --repo /srv/backup --as aws:DEEP_ARCHIVE', 'what a local one would cost at Amazon'],
    ['resguardo cost --prices prices.json --months 36', 'with prices that you have agreed on'],
  ]);
}

async function cost(context: CommandContext, options: Options): Promise<number> {
  const { signal, output } = context;
  const prices = await chosenPrices(context, options);
  const keptDays = await keptDaysOf(context, options);
  const report = await withLockedRepository(context, { ...options, purpose: 'read' }, async (repository) => {
    const place = chosenPlace(options, prices, repository.store.location);
    await repository.loadIndex(signal);
    const snapshots = await Array.fromAsync(repository.snapshots(signal));
    const added = snapshots.flatMap(({ time, summary }) =>
      summary === undefined ? [] : [{ at: new Date(time), bytes: summary.dataAddedPacked }],
    );
    const { months = defaultMonths } = options;
    const reporter = new CostReporter({ prices, ...place, now: new Date(), added, keptDays, months });
    for await (const object of takeStock(repository, signal)) reporter.add(object);
    return { repository: repository.store.location, ...reporter.report() };
  });
  await output.result(report, renderCost(report));
  return 0;
}

/** @throws {Failure} InvalidInput for a provider or class that the list does not have */
function chosenPlace(
  { as }: Options,
  prices: PriceList,
  location: string,
): { readonly provider: string; readonly storageClass?: string } {
  const { providers } = prices;
  const known = Object.keys(providers).join(', ');
  const [provider = '', storageClass] = as?.split(':') ?? [providerOf(location, prices) ?? ''];
  const found = Object.hasOwn(providers, provider) ? providers[provider] : undefined;
  if (found === undefined) {
    const message =
      as === undefined
        ? `${location} lies at no provider whose prices are known`
        : `There are no prices of "${provider}"`;
    throw new Failure('InvalidInput', message, { advice: `Give --as with one of: ${known}.` });
  }
  if (storageClass === undefined) return { provider };
  if (Object.hasOwn(found.classes, storageClass)) return { provider, storageClass };
  throw new Failure('InvalidInput', `${found.name} has no class "${storageClass}"`, {
    advice: `It has ${Object.keys(found.classes).join(', ')}.`,
  });
}

/** The longest time that the policy of a configured repository keeps anything, in days. */
async function keptDaysOf(context: CommandContext, options: Options): Promise<number | undefined> {
  if (!(await isConfigured(context, options))) return undefined;
  const { loadContextConfiguration, repositoryName } = await import('../configuration.ts');
  const { retentionOf } = await import('../../control/retention.ts');
  const { longestKeptDays } = await import('../../policy/retention/longest.ts');
  const configuration = await loadContextConfiguration(context);
  return longestKeptDays(retentionOf(configuration, repositoryName(configuration, options.repository)));
}

export type PrintedCost = CostReport & { readonly repository: string };
