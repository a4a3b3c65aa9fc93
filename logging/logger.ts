import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';

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

/** The one logger. Times are UTC; what is logged about a run has its `workflowId` and `runId`. */
export function createLogger({ level, format, destination = process.stderr }: LoggerOptions): Logger {
  const stream = format === 'json' ? destination : readableLines(destination);
  return pino(
    { level, redact, base: null, timestamp: stdTimeFunctions.isoTime, formatters: { level: levelName } },
    stream,
  );
}

function levelName(level: string): { level: string } {
  return { level };
}

/** Turns records into lines such as `07:31:16 warn  Worker is draining  host=db1`. */
function readableLines(destination: DestinationStream): DestinationStream {
  return {
    write(record) {
      const { time, level, msg, ...rest }: Record<string, unknown> = JSON.parse(record);
      const fields = Object.entries(rest).map(([name, value]) => `${name}=${plain(value)}`);
      destination.write(
        `${[String(time).slice(11, 19), String(level).padEnd(5), msg, ...fields].join(' ')}\n`,
      );
    },
  };
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
