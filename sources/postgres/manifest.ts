import { z } from 'zod';
import { manifestBytes, readManifest } from '../manifest-json.ts';
import { largeObjectsSchema, sequenceStateSchema, tableContentSchema } from './content.ts';

/** Version of `manifest.json`. Fields may be added within a version; readers pass over what they do not know. */
const manifestVersion = 2;

const settingSchema = z.object({
  /** Role that the setting is for; absent if for all. */
  role: z.string().optional(),
  name: z.string(),
  value: z.string(),
});

const grantSchema = z.object({
  /** Absent for PUBLIC. */
  grantee: z.string().optional(),
  privilege: z.string(),
  grantable: z.boolean(),
});

/** What CREATE DATABASE and ALTER DATABASE need to make such a database again. */
export const databasePropertiesSchema = z.object({
  owner: z.string(),
  encoding: z.string(),
  /** c: of the operating system, i: ICU, b: built in. */
  localeProvider: z.enum(['c', 'i', 'b']),
  collate: z.string(),
  ctype: z.string(),
  /** Locale of ICU or of the built-in provider. */
  locale: z.string().optional(),
  icuRules: z.string().optional(),
  collationVersion: z.string().optional(),
  tablespace: z.string(),
  connectionLimit: z.number(),
  isTemplate: z.boolean(),
  comment: z.string().optional(),
  /** Rights on the database itself; absent where they are the default ones. */
  grants: z.array(grantSchema).optional(),
  settings: z.array(settingSchema),
});
export type DatabaseProperties = Readonly<z.output<typeof databasePropertiesSchema>>;

export const extensionSchema = z.object({ name: z.string(), version: z.string(), schema: z.string() });
export type Extension = Readonly<z.output<typeof extensionSchema>>;

const databaseManifestSchema = z.object({
  name: z.string(),
  /** Folder of the dump, beside the manifest: in pg_dump's directory format. */
  folder: z.string(),
  /** When the transaction began whose view of the data was dumped; ISO, UTC. */
  capturedAt: z.string(),
  sizeBytes: z.number(),
  properties: databasePropertiesSchema,
  extensions: z.array(extensionSchema),
  dump: z.object({
    /** Version of pg_dump: "17.11". */
    program: z.string(),
    programMajor: z.number(),
    formatVersion: z.string(),
    bytes: z.number(),
    objects: z.record(z.string(), z.number()),
  }),
  roles: z.object({
    /** Owners of objects. */
    owners: z.array(z.string()),
    /** Roles that have been granted something on objects. */
    grantees: z.array(z.string()),
    /** Roles that row security policies name. */
    inPolicies: z.array(z.string()),
  }),
  /** Set if a part of the database was chosen: then objects and sequences are not compared. */
  isPart: z.boolean().optional(),
  /** Tablespaces of objects, besides that of the database. */
  tablespaces: z.array(z.string()),
  tables: z.array(tableContentSchema),
  /** Each sequence before and after the dump: the dump holds a value from between. */
  sequences: z.array(z.object({ before: sequenceStateSchema, after: sequenceStateSchema })),
  largeObjects: largeObjectsSchema,
  objects: z.record(z.string(), z.number()),
});
export type DatabaseManifest = Readonly<z.output<typeof databaseManifestSchema>>;

const manifestSchema = z.object({
  format: z.literal('resguardo-postgres'),
  version: z.literal(manifestVersion),
  source: z.string(),
  server: z.object({ version: z.string(), major: z.number() }),
  globals: z.object({ file: z.string(), passwords: z.boolean() }),
  databases: z.array(databaseManifestSchema),
});
export type PostgresManifest = Readonly<z.output<typeof manifestSchema>>;

/** A manifest without what tells its format. */
export type ManifestContent = Omit<PostgresManifest, 'format' | 'version'>;

/** Bytes of `manifest.json`. */
export function encodeManifest(manifest: ManifestContent): Buffer {
  return manifestBytes({ format: 'resguardo-postgres', version: manifestVersion, ...manifest });
}

/** @throws {Failure} SourceUnsupported if it is none, or one of a later version */
export function parseManifest(bytes: Uint8Array): PostgresManifest {
  return readManifest(bytes, manifestSchema);
}
