/**
 * Names of the environment variables by which test/run.ts tells the test files what it has started. A test
 * file that is run alone finds none of them, and starts what it needs itself.
 */
export const environmentNames = {
  temporalAddress: 'RESGUARDO_TEST_TEMPORAL_ADDRESS',
  temporalExecutable: 'RESGUARDO_TEST_TEMPORAL_EXECUTABLE',
  /** JSON, see `SharedPostgres`. */
  postgres: (major: number): string => `RESGUARDO_TEST_POSTGRES_${major}`,
  restic: (version: string): string => `RESGUARDO_TEST_RESTIC_${version.replaceAll('.', '_')}`,
} as const;

/** Tells a person who runs one file why it takes so long the first time. */
export function printNotice(notice: string): void {
  process.stderr.write(`${notice} ...\n`);
}
