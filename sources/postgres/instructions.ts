import { manifestFile } from '../describing-files.ts';
import { shellWord } from '../produced-files.ts';
import { globalsFile } from './file-names.ts';
import { databaseString } from './libpq.ts';
import type { DatabaseManifest, ManifestContent } from './manifest.ts';

/** Text of `RESTORE.md`: how to restore with PostgreSQL's own programs alone. */
export function restoreInstructions(manifest: ManifestContent): string {
  const { source, server, globals, databases } = manifest;
  const toolsMajor = Math.max(server.major, ...databases.map(({ dump }) => dump.programMajor));
  const passwords = globals.passwords
    ? 'It holds the hashes of their passwords: keep it as carefully as the passwords. A role that exists, your own\nuser too, gets the password that it had on the old server.'
    : 'Their passwords are not in it, because the user of the backup may not read them: set new ones.';
  return `# Restoring "${source}" by hand

This folder holds dumps (in pg_dump's directory format, a folder for each database) of a PostgreSQL ${server.version} server. The programs of PostgreSQL are all that is needed:
pg_restore of version ${toolsMajor} or newer, for a server of version ${toolsMajor} or newer.

With restic, get the folder out of the repository first, and go there:

    restic -r REPOSITORY restore SNAPSHOT --target /tmp/restored
    cd /tmp/restored/${shellWord(source)}

Give the address of the new server in the environment: PGHOST, PGPORT, PGUSER, and PGPASSWORD or PGPASSFILE. The
user must be a superuser, or own what it restores. A dump is a program that runs with the rights of that user.

## Roles

\`${globalsFile}\` makes the roles and tablespaces of the server. ${passwords}
Read it before you run it. That a role exists already is no harm.

    psql -X -d postgres -f ${globalsFile}

${databases.map(databaseInstructions).join('\n')}
## Afterwards

\`${manifestFile}\` tells what each database held: rows of each table, values of the sequences, extensions and
settings.
`;
}

function databaseInstructions(database: DatabaseManifest): string {
  const folder = shellWord(`./${database.folder}`);
  const extensions = database.extensions.map(({ name, version }) => `${name} ${version}`).join(', ');
  const target = `${database.name}_restored`;
  return `## Database ${JSON.stringify(database.name)}

Extensions that the new server must offer: ${extensions === '' ? 'none' : extensions}.

Under its own name, with its settings and rights, where no database of that name exists:

    pg_restore --jobs=2 --exit-on-error --create --dbname=postgres ${folder}

Under another name, beside one that exists:

    createdb ${createOptions(database).map(shellWord).join(' ')} -- ${shellWord(target)}
    pg_restore --jobs=2 --exit-on-error --dbname=${databaseWord(target)} ${folder}

Add \`--no-owner --no-acl\` if the roles are not to be restored; \`--table=NAME\` or a list (\`--use-list\`) for a part. Then
let the planner learn:

    psql -X -d ${databaseWord(target)} -c ANALYZE
`;
}

function createOptions({ properties }: DatabaseManifest): readonly string[] {
  const { encoding, localeProvider, collate, ctype, locale = '' } = properties;
  const common = [
    '--template=template0',
    `--encoding=${encoding}`,
    `--lc-collate=${collate}`,
    `--lc-ctype=${ctype}`,
  ];
  if (localeProvider === 'i') return [...common, '--locale-provider=icu', `--icu-locale=${locale}`];
  if (localeProvider === 'b') return [...common, '--locale-provider=builtin', `--builtin-locale=${locale}`];
  return common;
}

/** A name that might be read as a connection string is given as one. */
function databaseWord(database: string): string {
  return /^\w+$/.test(database) ? database : shellWord(databaseString(database));
}
