import { bucketChecks } from './buckets.ts';
import { channelChecks } from './channels.ts';
import type { Check } from './check.ts';
import { configurationCheck, secretChecks } from './configuration.ts';
import type { DoctorContext } from './context.ts';
import { hookChecks } from './hooks.ts';
import { leftOverChecks } from './left-overs.ts';
import { machineChecks } from './machine.ts';
import { priceChecks } from './prices.ts';
import { repositoryChecks } from './repositories.ts';
import { sourceChecks } from './sources.ts';
import { temporalCheck } from './temporal.ts';

/** All that a backup will need, in the order in which a person would mend it. */
export function doctorChecks(context: DoctorContext): readonly Check[] {
  return [
    configurationCheck(context),
    ...machineChecks(context),
    ...secretChecks(context),
    ...repositoryChecks(context),
    ...bucketChecks(context),
    ...sourceChecks(context),
    ...leftOverChecks(context),
    ...hookChecks(context),
    ...priceChecks(context),
    temporalCheck(context),
    ...channelChecks(context),
  ];
}
