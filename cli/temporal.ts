import type { Configuration } from '../configuration/load.ts';
import { type Control, connectControl } from '../control/client.ts';
import type { CommandContext } from './context.ts';
import { temporalSettings } from './local-temporal.ts';

/**
 * Connects to Temporal, works, and closes the connection.
 * @throws {Failure} TemporalUnavailable, and what the work throws
 */
export async function withControl<T>(
  { env }: CommandContext,
  configuration: Configuration,
  work: (control: Control) => Promise<T>,
): Promise<T> {
  const control = await connectControl({ settings: await temporalSettings(configuration, env), env });
  try {
    return await work(control);
  } finally {
    await control.close();
  }
}
