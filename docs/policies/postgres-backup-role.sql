-- A role that can back up every database of a PostgreSQL server (15 to 18), and can change nothing.
--
--   psql -X -U postgres -f postgres-backup-role.sql
--   psql -X -U postgres -c '\password resguardo_backup'
--
-- It reads what is there, with two exceptions: large objects that belong to others, and the passwords of roles. Say
-- `rolePasswords: false` in the configuration of the source, or each run warns of the latter.
BEGIN;

CREATE ROLE resguardo_backup LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;

-- Tables, views, sequences and schemas, those of the future included.
GRANT pg_read_all_data TO resguardo_backup;

-- Without it, tables with row security fail the backup: a dump of some of the rows would be no backup.
ALTER ROLE resguardo_backup BYPASSRLS;

-- Not needed for a backup: what others run now, so that waiting for a lock can be told.
GRANT pg_read_all_stats TO resguardo_backup;

-- A mistake changes nothing either.
ALTER ROLE resguardo_backup SET default_transaction_read_only = on;

COMMIT;

-- Everybody may connect to a database unless that was revoked. Then, for each of them:
--   GRANT CONNECT ON DATABASE shop TO resguardo_backup;
