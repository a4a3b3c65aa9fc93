import { ensurePromtool } from '../../tools/promtool.ts';
import { environmentNames, printNotice } from './environment.ts';

/**
 * Path of Prometheus' own checker of metrics and rules.
 * @throws {Failure} ToolMissing
 */
export async function promtoolProgram(): Promise<string> {
  return process.env[environmentNames.promtool] ?? ensurePromtool({ onNotice: printNotice });
}
