import { type Check, ok } from './check.ts';
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
        const { description } = await source.preflight(signal);
        return [ok(check, name, description)];
      } finally {
        await source.close();
      }
    },
  }));
}
