import { isFailure } from '../../contracts/failures.ts';
import type { Warning } from '../../contracts/jobs.ts';
import { usersFile } from '../../sources/mysql/manifest.ts';
import type { MysqlSession } from '../../sources/mysql/session.ts';
import { StatementSplitter } from '../../sources/mysql/statements.ts';

/** What a file of users begins its statements with; nothing else is run. */
const allowed = /^(CREATE (USER|ROLE) IF NOT EXISTS|GRANT|SET DEFAULT ROLE) /;

/** Whether what is to be restored is the file of users, by its name or its path in the snapshot. */
export function isUsers(name: string, source: string): boolean {
  return name === usersFile || name === `/${source}/${usersFile}`;
}

/** Makes users and gives them their rights. Those that exist keep their passwords; what is refused is told. */
export async function restoreUsers(
  session: MysqlSession,
  content: AsyncIterable<Uint8Array>,
): Promise<readonly Warning[]> {
  const warnings: Warning[] = [];
  const splitter = new StatementSplitter();
  for await (const chunk of content) {
    for (const { kind, text } of splitter.feed(chunk)) {
      if (kind !== 'statement') continue;
      const statement = text.toString();
      const account = / TO (.*?)(?: WITH | REQUIRE |$)|EXISTS (\S+)/.exec(statement)?.slice(1).join('') ?? '';
      if (!allowed.test(statement)) {
        warnings.push({
          subject: usersFile,
          message: `A statement about ${account} was not run: it is none of ours`,
        });
        continue;
      }
      try {
        await session.run(statement);
      } catch (error) {
        // What has no meaning of its own is what the server says to a statement, as are missing rights.
        if (!isFailure(error, 'ToolFailed') && !isFailure(error, 'SourceAuthentication')) throw error;
        warnings.push({ subject: usersFile, message: `A right or user was not restored: ${error.message}` });
      }
    }
  }
  return warnings;
}
