import type { StoreSettings } from '../settings.ts';

/** Where the service is: what is configured, an emulator, else Google. Without a slash at its end. */
export function endpointOf({ gcs, env }: StoreSettings): string {
  const emulator = env.STORAGE_EMULATOR_HOST;
  const given = gcs?.endpoint ?? (emulator && !emulator.includes('://') ? `http://${emulator}` : emulator);
  return (given || 'https://storage.googleapis.com').replace(/\/+$/, '');
}
