import type { HooksConfiguration } from '../configuration/hooks-schema.ts';
import { findProgram } from '../programs/find.ts';
import { type Check, type CheckResult, failure, ok } from './check.ts';
import type { DoctorContext } from './context.ts';

const check = 'hook';

/** For the hooks of this host: whether their programs are there. They are not run. */
export function hookChecks({ configuration, searchPath }: DoctorContext): readonly Check[] {
  const { hooks, sources, host } = configuration;
  const here = Object.entries(sources).filter(([, source]) => (source.host ?? host) === host);
  const owners: readonly (readonly [string, HooksConfiguration])[] = [
    ['all sources', hooks],
    ...here.flatMap(
      ([
        name,
        {
          hooks: { restore, ...own },
        },
      ]) => [[name, own] as const, [`restores of ${name}`, restore] as const],
    ),
  ];
  return owners
    .filter(([, lists]) => Object.values(lists).some((list) => list.length > 0))
    .map(([subject, lists]) => ({
      check,
      subject,
      run: async () => lookFor(subject, lists, searchPath),
    }));
}

function lookFor(subject: string, lists: HooksConfiguration, searchPath: string): readonly CheckResult[] {
  const programs = Object.entries(lists).flatMap(([point, list]) =>
    list.map(({ command: [program = ''] }, index) => ({ program, hook: `${point} ${index + 1}` })),
  );
  const missing = programs.filter(({ program }) => findProgram(program, searchPath) === undefined);
  if (missing.length === 0) {
    const names = [...new Set(programs.map(({ program }) => program))].join(', ');
    return [ok(check, subject, `Their programs are there: ${names}.`)];
  }
  return missing.map(({ program, hook }) =>
    failure(check, subject, {
      message: `The program ${program} of the hook ${hook} was not found in ${searchPath}.`,
      mend: 'Install it, make it executable, or write its whole path.',
    }),
  );
}
