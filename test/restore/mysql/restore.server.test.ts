import { mariadbServer } from '../../servers/mariadb.ts';
import { restoresDatabases } from './behaviour.ts';
import { restoresTables } from './tables.ts';

restoresDatabases(mariadbServer);
restoresTables(mariadbServer);
