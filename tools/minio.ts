import type { ToolOptions } from './cache.ts';
import { ensureGoProgram } from './go-program.ts';

/**
 * Path of MinIO, the S3 server that the tests are run with.
 * @throws {Failure} ToolMissing
 */
export function ensureMinio(options: ToolOptions = {}): Promise<string> {
  return ensureGoProgram(
    { name: 'minio', package: 'github.com/minio/minio', version: 'v0.0.0-20260212201848-7aac2a2c5b7c' },
    options,
  );
}
