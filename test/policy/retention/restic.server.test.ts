import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { applyKeepRules } from '../../../policy/retention/apply.ts';
import { type GroupField, groupSnapshots } from '../../../policy/retention/group.ts';
import { durationFields, type KeepRules } from '../../../policy/retention/keep-rules.ts';
import { deriveKey } from '../../../repository/crypto/key-derivation.ts';
import { encodeMasterKey, randomMasterKey } from '../../../repository/crypto/master-key.ts';
import { Sealing } from '../../../repository/crypto/sealing.ts';
import { Secret } from '../../../secrets/secret.ts';
import { resticProgram } from '../../servers/restic.ts';

const execute = promisify(execFile);
const password = 'test';

interface TestSnapshot {
  readonly id: string;
  readonly time: string;
  readonly hostname: string;
  readonly paths: readonly string[];
  readonly tags?: readonly string[];
}

interface ForgetGroup {
  readonly keep: readonly { readonly id: string }[] | null;
  readonly remove: readonly { readonly id: string }[] | null;
  readonly reasons: readonly { readonly matches: readonly string[] }[] | null;
}

const cases: readonly { readonly rules: KeepRules; readonly groupBy: readonly GroupField[] }[] = [
  { rules: { keepLast: 3 }, groupBy: ['host', 'paths'] },
  { rules: { keepHourly: 20 }, groupBy: ['host', 'paths'] },
  { rules: { keepDaily: 7, keepWeekly: 5, keepMonthly: 12, keepYearly: 3 }, groupBy: ['host', 'paths'] },
  { rules: { keepDaily: 100000 }, groupBy: ['host', 'paths'] },
  { rules: { keepWeekly: 60, keepYearly: 60 }, groupBy: [] },
  { rules: { keepWithin: '7d' }, groupBy: ['host', 'paths'] },
  { rules: { keepWithin: '1y1m1d1h', keepLast: 2 }, groupBy: ['paths'] },
  {
    rules: { keepWithinHourly: '2d', keepWithinDaily: '7d', keepWithinWeekly: '1m', keepWithinMonthly: '1y' },
    groupBy: ['host', 'paths'],
  },
  { rules: { keepWithinYearly: '75y', keepWithinDaily: '100d' }, groupBy: ['host'] },
  { rules: { keepTags: [['hold'], ['a', 'b']], keepLast: 1 }, groupBy: ['host', 'paths', 'tags'] },
  { rules: { keepTags: [['']], keepDaily: 2 }, groupBy: ['tags'] },
];

for (const version of ['0.14.0', '0.19.1'] as const) {
  // The place of the oldest snapshot came with restic 0.16.
  const isKnown = (reason: string): boolean => version !== '0.14.0' || !reason.startsWith('oldest');
  test(`snapshots are kept for the same reasons as by restic ${version}`, async (t) => {
    const restic = await resticProgram(version);
    const folder = await mkdtemp(join(tmpdir(), 'resguardo-forget-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const snapshots = await writeRepository(folder, seededSnapshots(160));
    for (const { rules, groupBy } of cases) {
      const expected = await forget(restic, folder, [...flags(rules), `--group-by=${groupBy.join(',')}`]);
      const reasons = ours(snapshots, rules, groupBy).map(([id, all]) => [id, all.filter(isKnown)]);
      assert.deepEqual(reasons, expected, JSON.stringify({ rules, groupBy }));
    }
  });
}

/** Reasons by snapshot id; removed ones have none. */
function ours(snapshots: readonly TestSnapshot[], rules: KeepRules, groupBy: readonly GroupField[]) {
  const result = new Map<string, readonly string[]>();
  for (const group of groupSnapshots(snapshots, groupBy)) {
    const { keep, remove } = applyKeepRules(group.snapshots, rules, new Date());
    for (const { snapshot, reasons } of keep) result.set(snapshot.id, reasons);
    for (const { id } of remove) result.set(id, []);
  }
  return sorted(result);
}

async function forget(restic: string, folder: string, args: readonly string[]) {
  const { stdout } = await execute(
    restic,
    ['forget', '--dry-run', '--json', '--no-cache', '--no-lock', '--repo', folder, ...args],
    { env: { ...process.env, RESTIC_PASSWORD: password, TZ: 'UTC' }, maxBuffer: 64 * 1024 * 1024 },
  );
  const groups: readonly ForgetGroup[] = JSON.parse(stdout);
  const result = new Map<string, readonly string[]>();
  for (const { keep, remove, reasons } of groups) {
    // The two lists have one order; reasons name their snapshot in newer versions alone.
    for (const [index, { id }] of (keep ?? []).entries()) result.set(id, reasons?.[index]?.matches ?? []);
    for (const { id } of remove ?? []) result.set(id, []);
  }
  return sorted(result);
}

function sorted(reasons: ReadonlyMap<string, readonly string[]>) {
  return [...reasons].sort(([a], [b]) => (a < b ? -1 : 1));
}

function flags(rules: KeepRules): readonly string[] {
  const { keepTags = [], ...others } = rules;
  const texts = Object.entries(others).map(([field, value]) => {
    const flag = field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    assert.ok(typeof value === 'number' || durationFields.some((name) => name === field));
    return `--${flag}=${value}`;
  });
  return [...texts, ...keepTags.map((tags) => `--keep-tag=${tags.join(',')}`)];
}

/** Hours, days and years apart, some of the future, in several zones, groups and with several tags. */
function seededSnapshots(count: number): readonly Omit<TestSnapshot, 'id'>[] {
  let seed = 42;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const pick = <T>(values: readonly [T, ...T[]]): T => values[random(values.length)] ?? values[0];
  return Array.from({ length: count }, (_, index) => {
    const spreadHours = pick([30, 24 * 20, 24 * 400, 24 * 2000]);
    const time = new Date(
      Date.now() + 3_600_000 * (index % 40 === 0 ? 50 : -random(spreadHours)) - random(3_600_000),
    );
    const offset = pick([0, 0, 90, -300]);
    const wall = new Date(time.getTime() + offset * 60_000).toISOString().slice(0, 23);
    const nanoseconds = String(index).padStart(6, '0');
    const tags = pick([[], [], ['a'], ['a', 'b'], ['hold'], ['b', 'c']]);
    return {
      time: `${wall}${nanoseconds}${zone(offset)}`,
      hostname: pick(['alpha', 'beta']),
      paths: pick([['/etc'], ['/srv', '/home'], ['/home', '/srv']]),
      ...(tags.length > 0 ? { tags } : {}),
    };
  });
}

function zone(offsetMinutes: number): string {
  if (offsetMinutes === 0) return 'Z';
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const minutes = Math.abs(offsetMinutes);
  return `${offsetMinutes < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
}

/** A repository of snapshots alone, with a key that costs nothing to derive. */
async function writeRepository(
  folder: string,
  snapshots: readonly Omit<TestSnapshot, 'id'>[],
): Promise<readonly TestSnapshot[]> {
  for (const name of ['data', 'index', 'keys', 'locks', 'snapshots']) await mkdir(join(folder, name));
  const master = randomMasterKey();
  const sealing = new Sealing(master);
  const config = { version: 2, id: randomBytes(32).toString('hex'), chunker_polynomial: '25b468838dcb75' };
  await writeFile(join(folder, 'config'), sealing.seal(Buffer.from(JSON.stringify(config))));
  const cost = { N: 16, r: 1, p: 1 };
  const salt = randomBytes(64);
  const wrapping = new Sealing(await deriveKey(new Secret(password), salt, cost));
  const data = wrapping.seal(encodeMasterKey(master)).toString('base64');
  const key = {
    created: new Date().toISOString(),
    username: 'u',
    hostname: 'h',
    kdf: 'scrypt',
    ...cost,
    salt: salt.toString('base64'),
    data,
  };
  await writeNamed(join(folder, 'keys'), Buffer.from(JSON.stringify(key)));
  const written: TestSnapshot[] = [];
  for (const snapshot of snapshots) {
    const json = Buffer.from(JSON.stringify({ ...snapshot, tree: '0'.repeat(64) }));
    written.push({ ...snapshot, id: await writeNamed(join(folder, 'snapshots'), sealing.seal(json)) });
  }
  return written;
}

async function writeNamed(folder: string, bytes: Buffer): Promise<string> {
  const name = createHash('sha256').update(bytes).digest('hex');
  await writeFile(join(folder, name), bytes);
  return name;
}
