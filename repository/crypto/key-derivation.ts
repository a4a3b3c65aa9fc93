import { scrypt } from 'node:crypto';
import { Failure } from '../../contracts/failures.ts';
import type { Secret } from '../../secrets/secret.ts';
import { type MasterKey, masterKeyFromBytes } from './master-key.ts';

/** Cost of scrypt, named as in key files. Memory is 128·N·r bytes, time grows with N·r·p. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/**
 * For passwords, which may be what a person typed: 32 MiB, about 0.2 s. OWASP's password storage cheat sheet names
 * p = 3 as the least for this N and r.
 */
export const passwordCost: ScryptCost = { N: 32768, r: 8, p: 3 };

/**
 * For keys of 256 random bits that we made ourselves: nobody can try those out, whatever one trial costs. It is what
 * the author of scrypt proposed for logging in (Percival, "Stronger key derivation via sequential memory-hard
 * functions", 2009, section 6): 16 MiB, about 0.04 s.
 */
export const randomKeyCost: ScryptCost = { N: 16384, r: 8, p: 1 };

/**
 * Bounds for key files that others made, so that a planted one cannot take the machine: 512 MiB, and some
 * three seconds. restic calibrates its own to 60 MB and 0.5 s, rustic uses 128 MiB.
 */
const maxMemoryBytes = 512 * 1024 * 1024;
export const maxWork = 2 ** 23;

/** What a derivation takes; some three million of it a second. */
export function workOf({ N, r, p }: ScryptCost): number {
  return N * r * p;
}

export const saltBytes = 64;

/**
 * Derives the key that seals a key file from a password.
 * @throws {Failure} WrongKey when the cost is out of bounds
 */
export async function deriveKey(password: Secret, salt: Buffer, cost: ScryptCost): Promise<MasterKey> {
  checkCost(cost);
  const maxmem = 128 * cost.N * cost.r + 128 * cost.r * cost.p + 1024 * 1024;
  const bytes = await new Promise<Buffer>((resolve, reject) => {
    scrypt(password.reveal(), salt, 64, { ...cost, maxmem }, (error, derived) => {
      if (error) reject(error);
      else resolve(derived);
    });
  });
  return masterKeyFromBytes(bytes);
}

/** @throws {Failure} WrongKey when the cost is out of bounds: the key file can open nothing here */
function checkCost({ N, r, p }: ScryptCost): void {
  const whole = [N, r, p].every((value) => Number.isSafeInteger(value) && value > 0);
  const powerOfTwo = N > 1 && N <= 2 ** 30 && (N & (N - 1)) === 0;
  if (whole && powerOfTwo && 128 * N * r <= maxMemoryBytes && N * r * p <= maxWork) return;
  throw new Failure(
    'WrongKey',
    `The scrypt parameters N=${N}, r=${r}, p=${p} of a key file are out of bounds, so it was not tried.`,
    { advice: 'Make a new key with usual parameters by `restic key add`, and remove this one.' },
  );
}
