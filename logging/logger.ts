import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { isFailure } from '../contracts/failures.ts';
import { readableLine } from './readable-line.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** JSON lines for machines, or one readable line for people. */
  readonly format: 'json' | 'pretty';
  /** Standard error when left out. Standard output belongs to results. */
  readonly destination?: DestinationStream;
}

/** Fields that hold secrets by their name, wherever they stand in a record. */
const secretFields = ['password', 'secret', 'token', 'connectionString', 'authorization'];
const redact = {
  paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
  censor: '[secret]',
};

/** The password of a URL, which libraries like to repeat in their messages. */
const passwordInUrl = /(:\/\/[^\s:/@"']*):[^\s@/"']+@/g;

/** The one logger. Times are UTC; what is logged about a run has its `workflowId` and `runId`. */
export function createLogger({ level, format, destination = process.stderr }: LoggerOptions): Logger {
  const write = (line: string): void => void destination.write(line);
  return pino(
    {
      level,
      redact,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      serializers: { err: describeError },
      formatters: { level: (name) => ({ level: name }) },
      hooks: { streamWrite: (line) => line.replaceAll(passwordInUrl, '$1:[secret]@') },
    },
    { write: format === 'json' ? write : (record: string) => write(readableLine(record)) },
  );
}

/** With the type of a failure of ours, where pino would name the class. */
function describeError(error: Error): object {
  const described = pino.stdSerializers.err(error);
  return isFailure(error) ? { ...described, type: error.type } : described;
}
