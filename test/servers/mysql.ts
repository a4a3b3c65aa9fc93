import { after } from 'node:test';
import { ensureMysql } from '../../tools/mysql.ts';
import { type MysqlServer, startMysqlServer } from '../../tools/mysql-server.ts';
import { printNotice, type SharedMariadb } from './environment.ts';

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

let own: Promise<SharedMariadb & Pick<MysqlServer, 'stop'>> | undefined;

after(async () => (await own?.catch(() => undefined))?.stop());

/**
 * A MySQL for one test file, with identifiers of its transactions; the helpers of mariadb.ts work with it.
 * @throws {Failure} ToolMissing
 */
export async function mysqlServer(): Promise<SharedMariadb> {
  own ??= start();
  return await own;
}

async function start(): Promise<SharedMariadb & Pick<MysqlServer, 'stop'>> {
  const tools = await ensureMysql({ onNotice: printNotice });
  const { host, port, user, stop } = await startMysqlServer({ tools, settings });
  return { host, port, user, binDir: tools.binDir, stop };
}
