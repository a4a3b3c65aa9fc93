import type { SetupPlan } from './plan.ts';

export interface SheetContent {
  readonly plan: SetupPlan;
  /** The repository's password, to be printed; absent where it is not ours to copy. */
  readonly key?: string;
  /** Day of making, "2026-11-21". */
  readonly date: string;
}

/**
 * The sheet that is printed and kept away from the machine: all that a stranger needs to get the data back,
 * with Resguardo or without.
 */
export function recoverySheet({ plan, key, date }: SheetContent): string {
  const { host, repository, sources } = plan;
  const url = shell(repository.url);
  return `# Recovery sheet: ${oneLine(host)}

Made on ${date}. **Print it or copy it by hand, keep it away from this machine, then delete this file.**
Whoever has this sheet and the repository can read the backups.

## What you need

| | |
|---|---|
| Repository | \`${oneLine(repository.url)}\` |
| Format | restic, version 2: any restic from 0.14 on reads it |
| Password | ${key === undefined ? `what \`${oneLine(repository.password)}\` refers to: write it here: ____________________` : `\`${key}\``} |
| Protected | ${
    sources
      .filter(({ active }) => active)
      .map(({ name }) => oneLine(name))
      .join(', ') || 'nothing yet'
  } |

The password is one line, without spaces around it.

## Get the data back with restic alone

\`\`\`sh
export RESTIC_REPOSITORY=${url}
read -rs RESTIC_PASSWORD && export RESTIC_PASSWORD     # type the password
restic snapshots
restic restore latest --tag source:NAME --target /tmp/restored
\`\`\`

Databases come back as a folder with a file \`RESTORE.md\` that holds the command.

## Get the data back with Resguardo

\`\`\`sh
npx resguardo repo snapshots --repo ${url}
npx resguardo repo restore latest --repo ${url} --target /tmp/restored
\`\`\`

Neither Temporal nor the old configuration is needed.

## Try it

A backup that was never restored is a hope. Try this sheet once, on another machine, and write down when:

- tried on ________________ by ________________, it took ________________
`;
}

function shell(text: string): string {
  return /^[A-Za-z0-9_./:@=-]+$/.test(text) ? text : `'${oneLine(text).replaceAll("'", "'\\''")}'`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').replaceAll('`', "'");
}
