import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../contracts/failures.ts';
import { createLogger, type Logger, type LoggerOptions } from '../../logging/logger.ts';
import { Secret } from '../../secrets/secret.ts';
import { temporalLogger } from '../../workers/runtime.ts';

function capture(options: Partial<LoggerOptions>): { readonly logger: Logger; readonly text: () => string } {
  let text = '';
  const destination = {
    write: (line: string): void => {
      text += line;
    },
  };
  const logger = createLogger({ level: 'info', format: 'json', ...options, destination });
  return { logger, text: () => text };
}

test('a record is one line of JSON with the name of its level and its time in UTC', () => {
  const { logger, text } = capture({});
  logger.info({ host: 'db1' }, 'ready');
  const { time, ...record } = JSON.parse(text());
  assert.deepEqual(record, { level: 'info', host: 'db1', msg: 'ready' });
  assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

for (const format of ['json', 'pretty'] as const) {
  test(`secrets do not get into a log in the format ${format}`, () => {
    const { logger, text } = capture({ format });
    logger.info({ password: 'hunter2', source: { connectionString: 'hunter2' } }, 'by name');
    logger.info({ key: new Secret('hunter2') }, 'by type');
    logger.error({ err: new Error('cannot connect to postgres://reader:hunter2@db1/shop') }, 'in an error');
    logger.warn('in a text: redis://:hunter2@cache:6379');
    assert.doesNotMatch(text(), /hunter2/);
    assert.match(text(), /postgres:\/\/reader:\[secret\]@db1\/shop/);
  });
}

test('people read one line, and a failure with its mend below it', () => {
  const { logger, text } = capture({ format: 'pretty' });
  logger.warn(
    { step: 'capture', err: new Failure('StorageFull', 'The disk is full', { advice: 'Free it.' }) },
    'A step failed',
  );
  assert.match(
    text(),
    /^\d\d:\d\d:\d\d warn {2}A step failed step=capture\n {9}StorageFull: The disk is full\n {9}Free it\.\n$/,
  );
});

test('an error that nobody foresaw shows where it came from', () => {
  const { logger, text } = capture({ format: 'pretty' });
  logger.error({ err: new TypeError('x is undefined') }, 'A step failed');
  assert.match(text(), /TypeError: x is undefined\n\s+at .*logger\.test\.ts/);
});

test("Temporal's own messages are records too, and its small talk is left out", () => {
  const { logger, text } = capture({});
  const log = temporalLogger(logger);
  log.info('Worker state changed', { state: 'RUNNING' });
  log.warn('No workflows registered, not polling for workflow tasks');
  log.warn('Activity failed', { workflowId: 'backup/docs', error: new Error('broken') });
  const { level, workflowId, err, msg } = JSON.parse(text());
  assert.deepEqual(
    [level, workflowId, err.message, msg],
    ['warn', 'backup/docs', 'broken', 'Activity failed'],
  );
});
