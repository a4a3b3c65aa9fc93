import { z } from 'zod';
import { manifestBytes, readManifest } from '../manifest-json.ts';
import { fileNameOf } from '../produced-files.ts';

/** Version of `manifest.json`. Fields may be added within a version; readers pass over what they do not know. */
const manifestVersion = 1;

export const usersFile = 'users.sql';
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

/** Bytes of `manifest.json`. */
export function encodeManifest(manifest: ManifestContent): Buffer {
  return manifestBytes({ format: 'resguardo-mysql', version: manifestVersion, ...manifest });
}

/** @throws {Failure} SourceUnsupported if it is none, or one of a later version */
export function parseManifest(bytes: Uint8Array): MysqlManifest {
  return readManifest(bytes, manifestSchema);
}
