import { manifestFile } from '../describing-files.ts';
import { shellWord } from '../produced-files.ts';
import type { DatabaseManifest, ManifestContent } from './manifest.ts';
import { flavourNames } from './server.ts';
import { quoteName } from './session.ts';

/** Text of `RESTORE.md`: how to restore with the client program of MariaDB or MySQL alone. */
export function restoreInstructions(manifest: ManifestContent): string {
  const { source, server, users, databases } = manifest;
  const name = flavourNames[server.flavour];
  const client = server.flavour === 'mariadb' ? 'mariadb' : 'mysql';
  return `# Restoring "${source}" by hand

This folder holds dumps of a ${name} ${server.version} server. Its client program \`${client}\` is all that is needed,
and a server of ${name} ${server.version} or newer.

With restic, get the folder out of the repository first, and go there:

    restic -r REPOSITORY restore SNAPSHOT --target /tmp/restored
    cd /tmp/restored/${shellWord(source)}

Give the address of the new server and its user in \`~/.my.cnf\`, or as \`-h HOST -P PORT -u USER -p\`. A dump is a
program that runs with the rights of that user, who needs all rights on the new databases, and SUPER or SET USER where
views, routines, triggers or events belong to others.
${users === undefined ? '' : usersInstructions(users.file, client)}
${databases.map((database) => databaseInstructions(database, client)).join('\n')}
## Afterwards

\`${manifestFile}\` tells what each database held: rows of each table, numbers of views, routines, triggers and events.
`;
}

function usersInstructions(file: string, client: string): string {
  return `
## Users

\`${file}\` makes the users and gives them their rights. It holds the hashes of their passwords: keep it as carefully as
the passwords. Users that exist are not changed. Read it before you run it.

    ${client} --force < ${shellWord(`./${file}`)}
`;
}

function databaseInstructions(database: DatabaseManifest, client: string): string {
  const target = `${database.name}_restored`;
  const create = `CREATE DATABASE ${quoteName(target)} CHARACTER SET ${database.characterSet} COLLATE ${database.collation}`;
  return `## Database ${JSON.stringify(database.name)}

Into a new database, beside one that exists. Events that are in it begin to run at once: take the lines with "CREATE"
and "EVENT" out of the file if they must not.

    ${client} -e ${shellWord(create)}
    ${client} --binary-mode --database=${shellWord(target)} < ${shellWord(`./${database.file}`)}
${definersNote(database)}`;
}

function definersNote({ definers }: DatabaseManifest): string {
  if (definers.length === 0) return '';
  const list = definers.map((definer) => JSON.stringify(definer)).join(', ');
  return `\nViews, routines, triggers and events run in the name of users that must be there: ${list}.\n`;
}
