import { ensureMysql } from '../../tools/mysql.ts';
import { startMysqlServer } from '../../tools/mysql-server.ts';
import { printNotice, type SharedMariadb } from './environment.ts';
import { fileScope } from './file-scope.ts';

/** Settings of a small server whose loss does not matter. */
const settings = {
  'innodb-flush-log-at-trx-commit': '0',
  'sync-binlog': '0',
  'innodb-doublewrite': 'OFF',
  'performance-schema': 'OFF',
  mysqlx: 'OFF',
  'gtid-mode': 'ON',
  'enforce-gtid-consistency': 'ON',
} as const;

let server: Promise<SharedMariadb> | undefined;

/**
 * A MySQL for one test file, with identifiers of its transactions; the helpers of mariadb.ts work with it.
 * @throws {Failure} ToolMissing
 */
export async function mysqlServer(): Promise<SharedMariadb> {
  server ??= start();
  return await server;
}

async function start(): Promise<SharedMariadb> {
  const tools = await ensureMysql({ onNotice: printNotice });
  const { host, port, user, stop } = await startMysqlServer({ tools, settings });
  fileScope.after(stop);
  return { host, port, user, binDir: tools.binDir };
}
