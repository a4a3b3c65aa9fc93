import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { before, describe, test } from 'node:test';
import { bundleWorkflowCode, Worker, type WorkflowBundle } from '@temporalio/worker';
import { createLogger } from '../../logging/logger.ts';
import { installRuntime, temporalLogger } from '../../workers/runtime.ts';
import { workflowsPath } from '../../workers/worker.ts';

/** record-histories.ts and record-database-restores.ts make them. */
const folder = new URL('../histories/', import.meta.url);
const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).toSorted();

describe('a recorded history', () => {
  let workflowBundle: WorkflowBundle;

  before(async () => {
    const logger = createLogger({ level: 'silent', format: 'json' });
    installRuntime(logger);
    workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: temporalLogger(logger) });
  });

  test('is there for each end of each workflow', () => {
    for (const workflow of ['backup', 'restore', 'verification']) {
      assert.ok(names.includes(`${workflow}-done.json`));
      assert.ok(names.filter((name) => name.startsWith(workflow)).length > 1);
    }
    for (const end of ['daily-partial', 'incremental-partial', 'security-done', 'compliance-done']) {
      assert.ok(names.includes(`${end}.json`));
    }
    for (const end of [
      'report-done',
      'kubernetes-done',
      'verification-of-all',
      'prune-done',
      'prune-of-all',
      'backup-copied',
      'replicate-done',
      'locks-done',
      ...['done', 'beside', 'rejected', 'unconfirmed', 'blocked', 'cancelled', 'thawed'].map(
        (end) => `restore-database-${end}`,
      ),
      'replaced-removed',
      'replaced-rolled-back',
      'plan-done',
      'thaw-done',
      'thaw-refused',
    ]) {
      assert.ok(names.includes(`${end}.json`));
    }
  });

  for (const name of names) {
    test(`${name} is replayed by the workflows of today`, async () => {
      await Worker.runReplayHistory({ workflowBundle }, JSON.parse(await historyText(name)));
    });
  }

  test('that went another way is told from ours', async () => {
    const changed = (await historyText('backup-done.json')).replaceAll('"commitSnapshot"', '"commit"');
    await assert.rejects(Worker.runReplayHistory({ workflowBundle }, JSON.parse(changed)), {
      name: 'DeterminismViolationError',
    });
  });
});

function historyText(name: string): Promise<string> {
  return readFile(new URL(name, folder), 'utf8');
}
