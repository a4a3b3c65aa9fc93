#!/bin/sh
# Creates or updates the two databases of the Temporal server. Safe to run again, after an upgrade of the
# image too: a database that already has a schema is only brought up to date.
set -eu

prepare() {
  database=$1
  versions=$2
  tool="temporal-sql-tool --plugin postgres12 --ep $POSTGRES_SEEDS -u $POSTGRES_USER -p $DB_PORT --db $database"
  # `create` fails where the database exists already; if it failed for another reason, the next step says so.
  $tool create || echo "$database may exist already; going on"
  if ! $tool update-schema -d "$versions"; then
    $tool setup-schema -v 0.0
    $tool update-schema -d "$versions"
  fi
}

prepare temporal /etc/temporal/schema/postgresql/v12/temporal/versioned
prepare temporal_visibility /etc/temporal/schema/postgresql/v12/visibility/versioned
echo "The schema is ready."
