import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { openCatalog } from '../../catalog/catalog.ts';
import { measureDisks } from '../../metrics/disk.ts';
import { createMetrics } from '../../metrics/metrics.ts';
import { finish, listed, snapshot, start } from '../catalog/behaviour.ts';
import { promtoolProgram } from '../servers/promtool.ts';

test("Prometheus' own checker finds nothing wrong with the metrics", async (t) => {
  const promtool = await promtoolProgram();
  const folder = await mkdtemp(join(tmpdir(), 'resguardo-promtool-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const catalog = await openCatalog({ kind: 'sqlite', file: join(folder, 'catalog.sqlite') });
  t.after(() => catalog.close());
  const odd = 'name with "quotes", \\ and é';
  await catalog.recordRunFinished(
    finish(start(odd, 'r1', '2026-11-20T02:00:00Z'), 'done', '2026-11-20T02:01:00Z'),
  );
  await catalog.syncSnapshots('main', listed(snapshot('1', '2026-11-20T02:00:00Z', `source:${odd}`)));
  await catalog.replaceFindings(
    ['space'],
    [{ check: 'space', subject: '/', level: 'ok', message: '', evidence: [] }],
  );
  await catalog.recordRepositorySize({
    repository: 'main',
    measuredAt: new Date().toISOString(),
    storedBytes: 7,
    snapshots: 1,
  });
  const metrics = createMetrics({
    catalog,
    version: '1.2.3',
    kinds: ['files'],
    disks: () => measureDisks(['/']),
  });
  const page = await metrics.text();
  assert.deepEqual(await check(promtool, page), { code: 0, output: '' });
});

async function check(promtool: string, page: string): Promise<{ code: number | null; output: string }> {
  const checker = spawn(promtool, ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) =>
    checker.once('error', reject).once('close', resolve),
  );
  checker.stdin.end(page);
  const [code, out, err] = await Promise.all([ended, text(checker.stdout), text(checker.stderr)]);
  return { code, output: out + err };
}
