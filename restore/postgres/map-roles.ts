import pg from 'pg';
import type { TocEntry } from '../../sources/postgres/archive/toc.ts';
import type { DatabaseManifest } from '../../sources/postgres/manifest.ts';
import { decoded, encoded } from './toc-names.ts';

/** Names that roles have at the target, by those that they had where the backup was made. */
export type RoleMap = Readonly<Record<string, string>>;

/** Kinds whose statements name roles. */
const kindsWithRoles = ['ACL', 'DEFAULT ACL', 'POLICY'];

/** What a manifest tells, as if its roles had been called so. */
export function mapManifest(manifest: DatabaseManifest, map: RoleMap): DatabaseManifest {
  const { roles, properties } = manifest;
  const mapped = (role: string): string => nameFor(map, role);
  const all = (names: readonly string[]): string[] => [...new Set(names.map(mapped))];
  return {
    ...manifest,
    roles: {
      owners: all(roles.owners),
      grantees: all(roles.grantees),
      inPolicies: all(roles.inPolicies),
    },
    properties: {
      ...properties,
      owner: mapped(properties.owner),
      settings: properties.settings.map((setting) => ({
        ...setting,
        ...(setting.role !== undefined && { role: mapped(setting.role) }),
      })),
      ...(properties.grants !== undefined && {
        grants: properties.grants.map((grant) => ({
          ...grant,
          ...(grant.grantee !== undefined && { grantee: mapped(grant.grantee) }),
        })),
      }),
    },
  };
}

/** Roles of a backup, which can be mapped. */
export function rolesOf({ roles, properties }: DatabaseManifest): readonly string[] {
  const granted = (properties.grants ?? []).flatMap(({ grantee }) => grantee ?? []);
  const settings = properties.settings.flatMap(({ role }) => role ?? []);
  const all = [...roles.owners, ...roles.grantees, ...roles.inPolicies, properties.owner];
  return [...new Set([...all, ...granted, ...settings])].sort();
}

/** An entry of a dump with the roles in its owner, rights or policy changed. */
export function mapEntry(entry: TocEntry, map: RoleMap): TocEntry {
  const { owner, definition, kind } = entry;
  return {
    ...entry,
    owner: owner === undefined ? owner : encoded(nameFor(map, decoded(owner))),
    definition:
      definition !== undefined && kindsWithRoles.includes(kind) ? mapStatements(definition, map) : definition,
  };
}

/** A quoted name, a text, a word, or any other character. */
const token = /"(?:[^"]|"")*"|'(?:[^']|'')*'|[A-Za-z_\x80-\xff][\w$\x80-\xff]*|[\s\S]/g;

/**
 * Changes roles in GRANT, REVOKE, SET SESSION AUTHORIZATION, ALTER DEFAULT PRIVILEGES and CREATE POLICY as pg_dump
 * writes them. TO, FROM and FOR are reserved words: a name that is one of them stands in quotes.
 * @param text as a table of contents keeps it
 */
export function mapStatements(text: string, map: RoleMap): string {
  let depth = 0;
  let isRoles = false;
  let last = '';
  return text.replaceAll(token, (part) => {
    if (/^\s$/.test(part)) return part;
    if (part === '(') depth += 1;
    if (part === ')') depth -= 1;
    const word = `${last} ${part}`.toUpperCase();
    const follows = depth === 0 && /^(.* (TO|FROM)|SESSION AUTHORIZATION|FOR ROLE)$/.test(word);
    const isName = isRoles && (last === ',' || startsRoles.test(last)) && /^["\w\x80-\xff]/.test(part);
    last = part;
    if (follows && !isName) {
      isRoles = true;
      return part;
    }
    if (isName) return renamed(part, map);
    if (part !== ',') isRoles = false;
    return part;
  });
}

const startsRoles = /^(TO|FROM|AUTHORIZATION|ROLE)$/i;

/** PUBLIC is no role unless it stands in quotes. */
function renamed(part: string, map: RoleMap): string {
  if (part.toUpperCase() === 'PUBLIC') return part;
  const bare = part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part;
  const role = decoded(bare);
  const name = nameFor(map, role);
  return name === role ? part : encoded(pg.escapeIdentifier(name));
}

function nameFor(map: RoleMap, role: string): string {
  return Object.hasOwn(map, role) ? (map[role] ?? role) : role;
}
