import { IllegalStateError, type LogLevel, type LogMetadata } from '@temporalio/common';
import { Runtime, type RuntimeOptions } from '@temporalio/worker';
import type { Logger } from '../logging/logger.ts';

type TemporalLogger = NonNullable<RuntimeOptions['logger']>;

/** What Temporal calls information is of use to us alone. */
const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'debug', WARN: 'warn', ERROR: 'error' } as const;

/** Said by each worker of a host, which has activities alone by intention. */
const expected = /^No workflows registered/;

/**
 * Makes Temporal's runtime log through our logger, and leaves signals to us: `resguardo up` stops its parts in
 * an order. There is one runtime in a process; the first call decides.
 */
export function installRuntime(logger: Logger): void {
  try {
    Runtime.install({
      logger: temporalLogger(logger),
      telemetryOptions: { logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} } },
      shutdownSignals: [],
    });
  } catch (error) {
    if (!(error instanceof IllegalStateError)) throw error;
  }
}

/** Temporal's messages, with its fields, as records of ours. */
export function temporalLogger(logger: Logger): TemporalLogger {
  const write = (level: LogLevel, message: string, fields: LogMetadata = {}): void => {
    const { error, ...rest } = fields;
    const ours = expected.test(message) ? 'debug' : levels[level];
    logger[ours]({ ...rest, ...(error !== undefined && { err: error }) }, message);
  };
  return {
    log: write,
    trace: (message, fields) => write('TRACE', message, fields),
    debug: (message, fields) => write('DEBUG', message, fields),
    info: (message, fields) => write('INFO', message, fields),
    warn: (message, fields) => write('WARN', message, fields),
    error: (message, fields) => write('ERROR', message, fields),
  };
}
