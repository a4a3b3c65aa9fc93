import type { Finding } from '../../contracts/findings.ts';
import { freshnessFindings } from '../freshness.ts';
import { snapshotsByPlace } from '../placed-snapshot.ts';
import { count, formatAge } from '../wording.ts';
import { copiesFinding } from './copies.ts';
import type { ComplianceFacts, RepositoryFacts } from './facts.ts';
import { retentionFinding } from './retention.ts';

const dayMs = 86_400_000;
/** Verification runs daily; a week without one is told. */
const verifiedWithinMs = 7 * dayMs;
/** restic's first format is encrypted in the same way; older or unknown ones are not known to be. */
const encryptedFormats: readonly number[] = [1, 2];

/** What auditors call the things that are checked. */
export const controlsOfCheck: Readonly<Record<string, readonly string[]>> = {
  freshness: ['ISO 27001:2022 A.8.13', 'SOC 2 A1.2', 'GDPR art. 32(1)(c)'],
  retention: ['ISO 27001:2022 A.8.13', 'ISO 27001:2022 A.5.33', 'SOC 2 C1.2', 'GDPR art. 5(1)(e)'],
  encryption: ['ISO 27001:2022 A.8.24', 'SOC 2 CC6.1', 'GDPR art. 32(1)(a)'],
  copies: ['ISO 27001:2022 A.8.13', 'ISO 27001:2022 A.8.14', 'SOC 2 A1.2', 'GDPR art. 32(1)(b)'],
  verification: ['ISO 27001:2022 A.8.13', 'SOC 2 A1.3', 'GDPR art. 32(1)(d)'],
};

/** All checks of compliance, in the order of sources and repositories; what is well is listed too. */
export function complianceFindings(facts: ComplianceFacts): readonly Finding[] {
  const { sources, repositories, snapshots, now } = facts;
  const places = snapshotsByPlace(snapshots);
  return [
    ...freshnessFindings(sources, snapshots, now),
    ...sources.map((source) => retentionFinding(source, places.of(source.repository, source.source), now)),
    ...sources.map((source) => copiesFinding(source, repositories, { places, now })),
    ...repositories.map(encryptionFinding),
    ...repositories.map((repository) => verificationFinding(repository, now)),
  ];
}

/** Whether a repository is known to be encrypted, and its key is for its owner alone. */
export function encryptionFinding({ repository, encryption, keyFile, problem }: RepositoryFacts): Finding {
  const base = { check: 'encryption', subject: repository };
  const mode = keyFile === undefined ? undefined : (keyFile.mode & 0o777).toString(8).padStart(3, '0');
  const evidence = [
    encryption
      ? `restic format ${encryption.formatVersion}, AES-256-CTR with Poly1305-AES, ${count(encryption.keyCount, 'key')}`
      : `not opened: ${problem ?? 'no reason given'}`,
    ...(keyFile ? [`key file ${keyFile.path}, mode ${mode}`] : []),
  ];
  if (keyFile && (keyFile.mode & 0o077) !== 0) {
    return {
      ...base,
      evidence,
      level: 'critical',
      message: `Others can read the key file of ${repository}: its mode is ${mode}.`,
      mend: `Run \`chmod 600 ${keyFile.path}\`, and consider the key leaked: \`resguardo key rotate\`.`,
    };
  }
  if (!encryption) {
    return {
      ...base,
      evidence,
      level: 'warning',
      message: `The encryption of ${repository} could not be checked.`,
      mend: 'Run `resguardo doctor`; it says why the repository cannot be opened.',
    };
  }
  if (!encryptedFormats.includes(encryption.formatVersion)) {
    return {
      ...base,
      evidence,
      level: 'critical',
      message: `${repository} has the format ${encryption.formatVersion}, which is not known to be encrypted.`,
      mend: 'Make a repository with `resguardo repo init`, and copy the snapshots to it.',
    };
  }
  return { ...base, evidence, level: 'ok', message: `${repository} is encrypted.` };
}

function verificationFinding(facts: RepositoryFacts, now: Date): Finding {
  const { repository, verifiedAt, damageCount = 0 } = facts;
  const base = { check: 'verification', subject: repository };
  const evidence = [
    verifiedAt ? `verified at ${verifiedAt}, ${count(damageCount, 'damage')}` : 'never verified',
  ];
  if (damageCount > 0) {
    return {
      ...base,
      evidence,
      level: 'critical',
      message: `The last verification of ${repository} found ${count(damageCount, 'damage')}.`,
      mend: 'Run `resguardo verify --read-data` to learn what is affected, and restore from another copy.',
    };
  }
  const ageMs = verifiedAt === undefined ? Number.POSITIVE_INFINITY : now.getTime() - Date.parse(verifiedAt);
  if (ageMs <= verifiedWithinMs) {
    return { ...base, evidence, level: 'ok', message: `${repository} was verified ${formatAge(ageMs)} ago.` };
  }
  const last = verifiedAt ? `was last verified ${formatAge(ageMs)} ago` : 'was never verified';
  return {
    ...base,
    evidence,
    level: 'warning',
    message: `${repository} ${last}.`,
    mend: 'Run `resguardo verify`; see whether the schedule backup_verification is paused.',
  };
}
