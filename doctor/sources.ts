import type { Warning } from '../contracts/jobs.ts';
import { type Check, type CheckResult, ok, warning } from './check.ts';
import type { DoctorContext } from './context.ts';

const check = 'source';

/** For each source of this host: whether all that a backup of it needs is there. */
export function sourceChecks({ configuration, createSource }: DoctorContext): readonly Check[] {
  return Object.entries(configuration.sources).map(([name, { host = configuration.host }]) => ({
    check,
    subject: name,
    async run(signal) {
      if (host !== configuration.host) return [ok(check, name, `It is read on ${host}: run doctor there.`)];
      const source = await createSource(name);
      try {
        const { description, warnings = [] } = await source.preflight(signal);
        return [ok(check, name, description), ...warnings.map((one) => missing(name, one))];
      } finally {
        await source.close();
      }
    },
  }));
}

function missing(source: string, { subject, message }: Warning): CheckResult {
  return warning(check, source, {
    message: `${subject}: ${message}.`,
    mend: 'Mount or make it, or take it out of the paths: until then each backup ends as done in part.',
  });
}
