import type { Finding } from '../../contracts/findings.ts';
import { count } from '../wording.ts';

/** Permission bits of a file or folder. */
export interface ModeFact {
  readonly path: string;
  /** As `stat` gives it. */
  readonly mode: number;
  /** `secret`: whoever reads it reads backups. `state`: for its owner alone. `public`: others may read it. */
  readonly kind: 'secret' | 'state' | 'public';
  readonly isFolder: boolean;
}

/** Bits that others must not have, where nothing is secret: to write. */
const writeBits = 0o022;
const anyBits = 0o077;
const listedPaths = 10;

/**
 * Whether files and folders are for their owner alone: 600 and 700. What others can change, and secrets that
 * others can read, are critical; the rest is encrypted or of little use, and a warning.
 */
export function modesFinding(subject: string, facts: readonly ModeFact[]): Finding {
  const wrong = facts.filter((fact) => excess(fact) !== 0);
  const base = { check: 'modes', subject };
  if (wrong.length === 0) {
    const evidence = [`${count(facts.length, 'path')} looked at`];
    return { ...base, level: 'ok', message: `The modes of ${subject} are as they should be.`, evidence };
  }
  const isCritical = wrong.some((fact) => fact.kind === 'secret' || (fact.mode & writeBits) !== 0);
  const listed = wrong.slice(0, listedPaths);
  const first = listed.map((fact) => `${fact.path} (${octal(fact.mode)})`).join(', ');
  const more = wrong.length > listed.length ? ` and ${wrong.length - listed.length} more` : '';
  return {
    ...base,
    level: isCritical ? 'critical' : 'warning',
    message: `Others may use what should be for its owner alone: ${first}${more}.`,
    evidence: listed.map((fact) => `${fact.path}: ${octal(fact.mode)}, should be ${octal(wanted(fact))}`),
    mend: `Run ${listed.map((fact) => `\`chmod ${octal(wanted(fact))} ${fact.path}\``).join(', ')}; then find out who made it so.`,
  };
}

function excess({ mode, kind }: ModeFact): number {
  return mode & (kind === 'public' ? writeBits : anyBits);
}

function wanted({ mode, kind, isFolder }: ModeFact): number {
  if (kind === 'public') return mode & 0o777 & ~writeBits;
  return isFolder ? 0o700 : 0o600;
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(3, '0');
}
