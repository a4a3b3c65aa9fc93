/** What the dump of a database needs; without the last two the server hides objects instead of refusing. */
const neededRights = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT'] as const;

/**
 * Rights on a database that the statements of SHOW GRANTS do not give. Where roles are granted, what they give
 * is not among the statements: then nothing is said to be missing.
 */
export function missingRights(grants: readonly string[], database: string): readonly string[] {
  const given = grants.map((grant) => /^GRANT (.*) ON ((?:`(?:[^`]|``)*`|\*)\.\*) TO /s.exec(grant));
  const hasRoles = grants.some((grant) => !/ ON .* TO /s.test(grant) && grant.startsWith('GRANT '));
  if (hasRoles) return [];
  const rights = given.flatMap((match) => {
    const [, list = '', place = ''] = match ?? [];
    return covers(place, database) ? list.split(',').map((right) => right.trim()) : [];
  });
  if (rights.includes('ALL PRIVILEGES')) return [];
  return neededRights.filter((right) => !rights.includes(right));
}

/** Places are `*.*` and patterns such as `shop\_%`.*, with the wildcards of LIKE. */
function covers(place: string, database: string): boolean {
  if (place === '*.*') return true;
  const pattern = /^`(.*)`\.\*$/s.exec(place)?.[1]?.replaceAll('``', '`');
  if (pattern === undefined) return false;
  const source = pattern.replace(/\\.|[\s\S]/g, (part) => {
    if (part === '%') return '.*';
    if (part === '_') return '.';
    return part.slice(-1).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 's').test(database);
}
