import type { z } from 'zod';
import { Failure } from '../contracts/failures.ts';

/** Bytes of a `manifest.json`, for people too. */
export function manifestBytes(manifest: object): Buffer {
  return Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`);
}

/** @throws {Failure} SourceUnsupported if it is no manifest of this kind, or one of a later version */
export function readManifest<Manifest>(bytes: Uint8Array, schema: z.ZodType<Manifest>): Manifest {
  const parsed = schema.safeParse(readJson(bytes));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join('.') || 'the whole';
  throw new Failure(
    'SourceUnsupported',
    `The manifest of the snapshot cannot be used: ${field}: ${issue?.message}`,
    {
      advice:
        'Restore with the version of Resguardo that made the snapshot or a later one, or by hand as its RESTORE.md tells.',
    },
  );
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
