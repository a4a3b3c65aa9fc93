import type { Finding } from '../../contracts/findings.ts';
import { copyLimitMs } from '../copies/debt.ts';
import type { PlacedSnapshot } from '../placed-snapshot.ts';
import { newestOf, type SnapshotPlaces, timeOf } from '../placed-snapshot.ts';
import { count, formatAge } from '../wording.ts';
import { type GovernedSource, type RepositoryFacts, threeTwoOne } from './facts.ts';

/** The data itself is a copy too, on a disk. */
const originalMedium = 'disk';

/** Whether a source has its copies: 3, on 2 media, 1 off-site, where its policy says nothing else. */
export function copiesFinding(
  source: GovernedSource,
  repositories: readonly RepositoryFacts[],
  { places, now }: { readonly places: SnapshotPlaces<PlacedSnapshot>; readonly now: Date },
): Finding {
  const rule = source.copies ?? threeTwoOne;
  const limitMs = copyLimitMs(source.limits);
  const states = repositories.flatMap((facts) => {
    const newest = newestOf(places.of(facts.repository, source.source), now);
    return newest ? [{ facts, newest, ageMs: now.getTime() - timeOf(newest) }] : [];
  });
  const current = states.filter(({ ageMs }) => ageMs <= limitMs);
  const copies = current.length + 1;
  const media = new Set([originalMedium, ...current.map(({ facts }) => facts.medium)]).size;
  const offsite = current.filter(({ facts }) => facts.offsite).length;
  const missing = [
    ...lack(rule.copies - copies, 'copy', 'copies'),
    ...lack(rule.media - media, 'medium', 'media'),
    ...lack(rule.offsite - offsite, 'copy off-site', 'copies off-site'),
  ];
  return {
    check: 'copies',
    subject: source.source,
    level: missing.length > 0 ? 'warning' : 'ok',
    message:
      `${source.source} has ${count(copies, 'copy', 'copies')} on ${count(media, 'medium', 'media')}, ${offsite} off-site` +
      (missing.length > 0
        ? `; ${missing.join(', ')} short of ${rule.copies}-${rule.media}-${rule.offsite}.`
        : '.'),
    evidence: [
      'the original counts as one copy on disk',
      ...states.map(({ facts, newest, ageMs }) => {
        const stale = ageMs > limitMs ? ', too old to count' : '';
        return `${facts.repository} (${facts.medium}${facts.offsite ? ', off-site' : ''}): snapshot ${newest.id}, ${formatAge(ageMs)} old${stale}`;
      }),
    ],
    ...(missing.length > 0
      ? { mend: 'Add a repository in another place, such as an S3 bucket, and copy to it.' }
      : {}),
  };
}

function lack(number: number, one: string, many: string): readonly string[] {
  return number > 0 ? [count(number, one, many)] : [];
}
