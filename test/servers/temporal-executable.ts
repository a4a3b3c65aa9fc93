import { ensureTemporal } from '../../tools/temporal.ts';
import { environmentNames, printNotice } from './environment.ts';

/** The `temporal` program, for tests and rows of the soak that start, kill and restart a server of their own. */
export async function temporalExecutable(): Promise<string> {
  return process.env[environmentNames.temporalExecutable] ?? ensureTemporal({ onNotice: printNotice });
}
