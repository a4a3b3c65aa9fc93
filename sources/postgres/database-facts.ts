import { z } from 'zod';
import {
  type DatabaseProperties,
  databasePropertiesSchema,
  type Extension,
  extensionSchema,
} from './manifest.ts';
import type { PostgresSession } from './session.ts';

/** What the catalogs tell of the database that a session is connected to. */
export interface DatabaseFacts {
  readonly properties: DatabaseProperties;
  readonly extensions: readonly Extension[];
  /** Roles that have rights on its objects, without owners. */
  readonly grantees: readonly string[];
  readonly policyRoles: readonly string[];
  readonly tablespaces: readonly string[];
}

export async function readDatabaseFacts(session: PostgresSession): Promise<DatabaseFacts> {
  const roles = await session.rows(z.object({ role: z.string(), kind: z.string() }), rolesQuery);
  const ofKind = (kind: string): readonly string[] =>
    roles.filter((role) => role.kind === kind).map(({ role }) => role);
  const tablespaces = await session.rows(z.object({ name: z.string() }), tablespacesQuery);
  return {
    tablespaces: tablespaces.map(({ name }) => name),
    properties: await readProperties(session),
    extensions: await session.rows(extensionSchema, extensionsQuery),
    grantees: ofKind('a'),
    policyRoles: ofKind('r'),
  };
}

async function readProperties(session: PostgresSession): Promise<DatabaseProperties> {
  const { properties, grants } = await session.row(rawSchema, propertiesQuery);
  const settings = await session.rows(settingRowSchema, settingsQuery);
  return databasePropertiesSchema.parse({
    ...withoutNulls(properties),
    ...(grants === null ? {} : { grants: grants.map(withoutNulls) }),
    settings: settings.map(({ role, setting }) => {
      const split = setting.indexOf('=');
      const parts = { name: setting.slice(0, split), value: setting.slice(split + 1) };
      return role === null ? parts : { role, ...parts };
    }),
  });
}

const objectSchema = z.record(z.string(), z.unknown());
const rawSchema = z.object({ properties: objectSchema, grants: z.array(objectSchema).nullable() });
const settingRowSchema = z.object({ role: z.string().nullable(), setting: z.string() });

function withoutNulls(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
}

/** Columns that not every version has are read by way of JSON: absent ones are null. */
const propertiesQuery = `
  SELECT jsonb_build_object(
    'owner', pg_get_userbyid(d.datdba),
    'encoding', pg_encoding_to_char(d.encoding),
    'localeProvider', coalesce(to_jsonb(d) ->> 'datlocprovider', 'c'),
    'collate', d.datcollate,
    'ctype', d.datctype,
    'locale', coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
    'icuRules', to_jsonb(d) ->> 'daticurules',
    'collationVersion', to_jsonb(d) ->> 'datcollversion',
    'tablespace', (SELECT spcname FROM pg_tablespace WHERE oid = d.dattablespace),
    'connectionLimit', d.datconnlimit,
    'isTemplate', d.datistemplate,
    'comment', shobj_description(d.oid, 'pg_database')
  ) AS properties,
  CASE WHEN d.datacl IS NOT NULL THEN (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
      'grantee', CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END,
      'privilege', a.privilege_type,
      'grantable', a.is_grantable) ORDER BY a.grantee, a.privilege_type), '[]')
    FROM aclexplode(d.datacl) AS a
  ) END AS grants
  FROM pg_database AS d WHERE d.datname = current_database()`;

const settingsQuery = `
  SELECT r.rolname AS role, setting
  FROM pg_db_role_setting AS s
  LEFT JOIN pg_roles AS r ON r.oid = s.setrole, unnest(s.setconfig) WITH ORDINALITY AS c(setting, position)
  WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (s.setrole = 0 OR r.oid IS NOT NULL)
  ORDER BY r.rolname NULLS FIRST, position`;

const extensionsQuery = `
  SELECT extname AS name, extversion AS version, n.nspname AS schema
  FROM pg_extension JOIN pg_namespace AS n ON n.oid = extnamespace ORDER BY extname`;

/** Dependencies of kind a (rights) and r (policies); the first superuser has none, and exists everywhere. */
const rolesQuery = `
  SELECT DISTINCT r.rolname AS role, d.deptype::text AS kind
  FROM pg_shdepend AS d JOIN pg_roles AS r ON r.oid = d.refobjid
  WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype IN ('a', 'r')
    AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND r.rolname !~ '^pg_'
  ORDER BY r.rolname`;

const tablespacesQuery = `
  SELECT DISTINCT spcname AS name FROM pg_class JOIN pg_tablespace AS s ON s.oid = reltablespace
  WHERE spcname <> 'pg_global' ORDER BY spcname`;
