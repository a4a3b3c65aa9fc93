import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { canonicalJson, noHash, sealEntry } from '../../audit/entry.ts';
import { AuditLog } from '../../audit/log.ts';
import { openCatalog } from '../../catalog/catalog.ts';
import { Secret } from '../../secrets/secret.ts';
import { auditLogBehaves, event } from './behaviour.ts';

const execute = promisify(execFile);
const child = fileURLToPath(new URL('./child.ts', import.meta.url));

async function openEmpty(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'resguardo-audit-'));
  const file = join(folder, 'catalog.sqlite');
  const catalog = await openCatalog({ kind: 'sqlite', file });
  t.after(async () => {
    await catalog.close();
    await rm(folder, { recursive: true, force: true });
  });
  const unlock = async () => {
    for (const change of ['update', 'delete']) {
      await catalog.database.write('test', (db) =>
        sql.raw(`drop trigger audit_log_no_${change}`).execute(db),
      );
    }
  };
  return { catalog, file, unlock };
}

auditLogBehaves('SQLite', openEmpty);

test('processes that append at once make one chain', async (t) => {
  const { catalog, file } = await openEmpty(t);
  await Promise.all(['a', 'b', 'c'].map((name) => execute(process.execPath, [child, file, name, '60'])));
  const log = new AuditLog(catalog.database);
  assert.deepEqual(await log.verify().then(({ entries, broken }) => [entries, broken]), [180, undefined]);
  assert.equal((await log.entries({ actor: 'b', limit: 1000 })).length, 60);
});

test('the log goes on after the catalog was damaged, and a gap shows', async (t) => {
  const { catalog, file } = await openEmpty(t);
  const log = new AuditLog(catalog.database);
  for (let index = 0; index < 2000; index += 1) await log.append(event(`source-${index}`));
  await catalog.close();
  const bytes = await readFile(file);
  const middle = Math.floor(bytes.length / 4096 / 2) * 4096;
  await writeFile(file, bytes.fill(0xa5, middle, middle + 3 * 4096));
  const warnings: string[] = [];
  const again = await openCatalog({ kind: 'sqlite', file, onWarning: (warning) => warnings.push(warning) });
  t.after(() => again.close());
  const saved = new AuditLog(again.database);
  assert.equal((await saved.append(event('after'))).sequence, 2001);
  assert.equal(warnings.length, 1);
  assert.match((await saved.verify()).broken?.reason ?? '', /are missing/);
});

test('the hash of an entry does not change from version to version', () => {
  const entry = sealEntry(event('shop', { detail: { snapshots: 3, by: 'policy' } }), {
    sequence: 1,
    at: '2026-11-21T02:00:00.000Z',
    previous: noHash,
  });
  assert.equal(entry.hash, 'be0aabec1ed1082fd8b0cb6855c3492d30d372f4744f024797f3e5cde06c632e');
});

test('canonical JSON has one text for one value', () => {
  assert.equal(
    canonicalJson({ b: [1, { d: 'x', c: null }], a: 'é' }),
    '{"a":"é","b":[1,{"c":null,"d":"x"}]}',
  );
});

test('a secret that gets into an event by mistake is not written', async (t) => {
  const { catalog } = await openEmpty(t);
  const log = new AuditLog(catalog.database);
  await log.append(event(`key ${new Secret('canary')}`));
  assert.ok(!JSON.stringify(await log.entries()).includes('canary'));
});
