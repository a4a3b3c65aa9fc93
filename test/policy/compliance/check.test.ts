import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../../contracts/findings.ts';
import { complianceFindings, controlsOfCheck } from '../../../policy/compliance/check.ts';
import type { ComplianceFacts, GovernedSource, RepositoryFacts } from '../../../policy/compliance/facts.ts';

const now = new Date('2026-11-21T12:00:00Z');

function ago(days: number): string {
  return new Date(now.getTime() - days * 86_400_000).toISOString();
}

const wellKept: RepositoryFacts = {
  repository: 'main',
  medium: 'disk',
  offsite: false,
  encryption: { formatVersion: 2, keyCount: 1 },
  keyFile: { path: '/etc/resguardo/main.key', mode: 0o100600 },
  verifiedAt: ago(1),
  damageCount: 0,
};

function daily(days: number, repository = 'main') {
  return Array.from({ length: days }, (_, day) => ({
    repository,
    id: `${repository}-${day}`,
    time: ago(day + 0.4),
    paths: ['/data'],
    tags: ['source:shop', 'schedule:automated_backups'],
  }));
}

function check(changes: Partial<ComplianceFacts>, name: string): Finding {
  const source: GovernedSource = { source: 'shop', repository: 'main' };
  const facts = { now, sources: [source], repositories: [wellKept], snapshots: daily(30), ...changes };
  const finding = complianceFindings(facts).find((candidate) => candidate.check === name);
  assert.ok(finding);
  return finding;
}

test('three copies on two media with one elsewhere comply, and the original is one of them', () => {
  const cloud: RepositoryFacts = { ...wellKept, repository: 'cloud', medium: 's3', offsite: true };
  const both = { repositories: [wellKept, cloud], snapshots: [...daily(30), ...daily(30, 'cloud')] };
  assert.equal(check(both, 'copies').level, 'ok');
  assert.match(check(both, 'copies').message, /3 copies on 2 media, 1 off-site/);
});

test('a single repository beside the source is short of 3-2-1, and the finding says by what', () => {
  const finding = check({}, 'copies');
  assert.equal(finding.level, 'warning');
  assert.match(finding.message, /1 copy, 1 medium, 1 copy off-site short of 3-2-1/);
});

test('a copy that has not been renewed for days is no copy', () => {
  const cloud: RepositoryFacts = { ...wellKept, repository: 'cloud', medium: 's3', offsite: true };
  const old = daily(30, 'cloud').filter(({ time }) => time < ago(3));
  const finding = check({ repositories: [wellKept, cloud], snapshots: [...daily(30), ...old] }, 'copies');
  assert.equal(finding.level, 'warning');
  assert.ok(finding.evidence.some((line) => line.includes('too old to count')));
});

test('a policy may ask for fewer copies', () => {
  const source = { source: 'shop', repository: 'main', copies: { copies: 2, media: 1, offsite: 0 } };
  assert.equal(check({ sources: [source] }, 'copies').level, 'ok');
});

test('history that lacks its beginning is told, because someone removed it', () => {
  const source = { source: 'shop', repository: 'main', firstBackupAt: ago(200) };
  assert.equal(check({ sources: [source] }, 'retention').level, 'ok');
  const finding = check({ sources: [source], snapshots: daily(10) }, 'retention');
  assert.equal(finding.level, 'warning');
  assert.match(finding.message, /lacks its first 20 d/);
});

test('a young source need not reach back further than its first backup', () => {
  const source = { source: 'shop', repository: 'main', firstBackupAt: ago(9.5) };
  assert.equal(check({ sources: [source], snapshots: daily(10) }, 'retention').level, 'ok');
});

test('what should have been forgotten more than a week ago is noticed', () => {
  assert.equal(check({ snapshots: daily(36) }, 'retention').level, 'ok');
  const finding = check({ snapshots: daily(60) }, 'retention');
  assert.equal(finding.level, 'notice');
  assert.match(finding.message, /2\d snapshots of shop should have been forgotten/);
});

test('a key file that others can read is critical', () => {
  const open: RepositoryFacts = { ...wellKept, keyFile: { path: '/k', mode: 0o100640 } };
  const finding = check({ repositories: [open] }, 'encryption');
  assert.equal(finding.level, 'critical');
  assert.match(finding.message, /mode is 640/);
  assert.equal(check({}, 'encryption').level, 'ok');
});

test('a repository that cannot be opened is not taken for encrypted', () => {
  const { encryption: _, ...closed } = wellKept;
  const finding = check({ repositories: [{ ...closed, problem: 'connection refused' }] }, 'encryption');
  assert.equal(finding.level, 'warning');
  assert.deepEqual(finding.evidence[0], 'not opened: connection refused');
});

test('a repository that was not verified for a week, or was found damaged, is told', () => {
  assert.equal(check({}, 'verification').level, 'ok');
  assert.equal(
    check({ repositories: [{ ...wellKept, verifiedAt: ago(8) }] }, 'verification').level,
    'warning',
  );
  assert.equal(check({ repositories: [{ ...wellKept, damageCount: 2 }] }, 'verification').level, 'critical');
});

test('every check names the controls that it gives evidence for, and what is not well says how to mend it', () => {
  const findings = complianceFindings({
    now,
    sources: [{ source: 'shop', repository: 'main' }],
    repositories: [{ repository: 'main', medium: 'disk', offsite: false }],
    snapshots: [],
  });
  assert.deepEqual(
    [...new Set(findings.map((finding) => finding.check))].toSorted(),
    Object.keys(controlsOfCheck).toSorted(),
  );
  for (const finding of findings) assert.ok(finding.level === 'ok' || finding.mend, finding.message);
});
