import { ensureRestic, type ResticVersion } from '../../tools/restic.ts';
import { environmentNames, printNotice } from './environment.ts';

/**
 * Path of the real restic in that version.
 * @throws {Failure} ToolMissing
 */
export async function resticProgram(version: ResticVersion): Promise<string> {
  const given = process.env[environmentNames.restic(version)];
  return given ?? ensureRestic(version, { onNotice: printNotice });
}
