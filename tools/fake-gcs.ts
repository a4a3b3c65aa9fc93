import type { ToolOptions } from './cache.ts';
import { ensureGoProgram } from './go-program.ts';

/**
 * Path of fake-gcs-server, which speaks Google Cloud Storage's JSON API.
 * @throws {Failure} ToolMissing
 */
export function ensureFakeGcs(options: ToolOptions = {}): Promise<string> {
  return ensureGoProgram(
    { name: 'fake-gcs-server', package: 'github.com/fsouza/fake-gcs-server', version: 'v1.56.1' },
    options,
  );
}
