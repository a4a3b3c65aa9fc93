import { z } from 'zod';
import { Failure } from '../../contracts/failures.ts';
import { fileNameOf } from '../produced-files.ts';

/** Version of `manifest.json`. Fields may be added within a version; readers pass over what they do not know. */
const manifestVersion = 1;

export const usersFile = 'users.sql';
export const manifestFile = 'manifest.json';
export const instructionsFile = 'RESTORE.md';

/** File name of a database's dump. */
export function dumpFile(database: string): string {
  return `${fileNameOf(database)}.sql`;
}

const flavourSchema = z.enum(['mariadb', 'mysql']);

const databaseManifestSchema = z.object({
  name: z.string(),
  /** File of the dump, beside the manifest. */
  file: z.string(),
  /** When the dump began; ISO, UTC. */
  capturedAt: z.string(),
  sizeBytes: z.number(),
  characterSet: z.string(),
  collation: z.string(),
  dump: z.object({ program: z.string(), bytes: z.number() }),
  /** Where the binary log stood; absent where that could not be learned. */
  position: z.object({ file: z.string(), position: z.number(), gtid: z.string().optional() }).optional(),
  /** Hash: sources/mysql/rows.ts. */
  tables: z.array(z.object({ name: z.string(), rows: z.number(), hash: z.string() })),
  /** Number of objects of each kind. */
  objects: z.record(z.string(), z.number()),
  /** Users in whose name views, routines, triggers and events run. */
  definers: z.array(z.string()),
  /** Tables that the source leaves out. */
  excludedTables: z.array(z.string()),
});
export type DatabaseManifest = Readonly<z.output<typeof databaseManifestSchema>>;

const manifestSchema = z.object({
  format: z.literal('resguardo-mysql'),
  version: z.literal(manifestVersion),
  source: z.string(),
  server: z.object({ flavour: flavourSchema, version: z.string(), major: z.number() }),
  /** Absent where the users could not be read, or are not wanted. */
  users: z.object({ file: z.string() }).optional(),
  databases: z.array(databaseManifestSchema),
});
export type MysqlManifest = Readonly<z.output<typeof manifestSchema>>;

/** A manifest without what tells its format. */
export type ManifestContent = Omit<MysqlManifest, 'format' | 'version'>;

/** Bytes of `manifest.json`, for people too. */
export function encodeManifest(manifest: ManifestContent): Buffer {
  const whole = { format: 'resguardo-mysql', version: manifestVersion, ...manifest };
  return Buffer.from(`${JSON.stringify(whole, undefined, 1)}\n`);
}

/** @throws {Failure} SourceUnsupported if it is none, or one of a later version */
export function parseManifest(bytes: Uint8Array): MysqlManifest {
  const parsed = manifestSchema.safeParse(readJson(bytes));
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
