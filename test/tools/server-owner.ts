/**
 * A process that starts a PostgreSQL and a Temporal server, prints where they are as a line of JSON, and lives
 * until it is killed: node server-owner.ts BIN_DIR TEMPORAL DATA_DIR.
 */
import { startPostgres } from '../../tools/postgres-server.ts';
import { startTemporalServer } from '../../tools/temporal-server.ts';

const [binDir = '', executable = '', dataDir = ''] = process.argv.slice(2);

const postgres = await startPostgres({ binDir, dataDir });
const temporal = await startTemporalServer({ executable, headless: true });
console.log(JSON.stringify({ postgresUrl: postgres.url.reveal(), temporalAddress: temporal.address }));
