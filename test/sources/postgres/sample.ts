import { z } from 'zod';
import type { PostgresConnection } from '../../../sources/postgres/connection.ts';
import { PostgresSession } from '../../../sources/postgres/session.ts';
import type { SharedPostgres } from '../../servers/scoped-postgres.ts';

export const never = new AbortController().signal;

export function connectionTo(server: SharedPostgres, database = 'postgres'): PostgresConnection {
  const { host, port, user, password } = server;
  return { host, port, user, password, database };
}

/** Runs statements in a database. */
export async function execute(connection: PostgresConnection, sql: string): Promise<void> {
  const session = await PostgresSession.open(connection, connection.database, never);
  try {
    await session.run('SET search_path = public');
    await session.run(sql);
  } finally {
    await session.close();
  }
}

/** The first column of a query's rows, as text. */
export async function column(connection: PostgresConnection, sql: string): Promise<readonly string[]> {
  const session = await PostgresSession.open(connection, connection.database, never);
  try {
    const rows = await session.rows(z.record(z.string(), z.unknown()), sql);
    return rows.map((row) => String(Object.values(row)[0]));
  } finally {
    await session.close();
  }
}

/** Something of everything that a dump can get wrong. Needs the extensions hstore, citext and pgcrypto. */
export const sampleSchema = `
CREATE EXTENSION hstore;
CREATE EXTENSION citext SCHEMA public;
CREATE SCHEMA shop;
CREATE SCHEMA "od d""ity";
CREATE TYPE shop.state AS ENUM ('new', 'paid', 'sent');
CREATE DOMAIN shop.amount AS numeric(12, 2) CHECK (VALUE >= 0);
CREATE TABLE shop.customer (
  id bigint GENERATED ALWAYS AS IDENTITY (START 1000) PRIMARY KEY,
  email public.citext NOT NULL UNIQUE, tags public.hstore, profile jsonb, born date, since timestamptz,
  score double precision, picture bytea, story text, rest interval
);
CREATE TABLE shop."order" (
  id serial PRIMARY KEY, customer bigint NOT NULL REFERENCES shop.customer, state shop.state NOT NULL,
  total shop.amount, doubled numeric GENERATED ALWAYS AS (total * 2) STORED, placed date NOT NULL
);
CREATE INDEX ON shop."order" (placed) WHERE state <> 'sent';
CREATE TABLE shop.event (at timestamptz NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE shop.event_2025 PARTITION OF shop.event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE shop.event_2026 PARTITION OF shop.event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE "od d""ity"."ta'ble
with a line" ("t" int, "co;l" text, tableoid_ oid);
CREATE TABLE shop.nothing ();
CREATE UNLOGGED TABLE shop.scratch (a int);
CREATE TABLE shop.parent (a int);
CREATE TABLE shop.child (b int) INHERITS (shop.parent);
CREATE SEQUENCE shop.countdown INCREMENT -1 MINVALUE -1000 MAXVALUE 10 START 10;
CREATE VIEW shop.open_orders AS SELECT * FROM shop."order" WHERE state <> 'sent';
CREATE MATERIALIZED VIEW shop.totals AS SELECT customer, sum(total) AS total FROM shop."order" GROUP BY customer;
CREATE MATERIALIZED VIEW shop.unread AS SELECT 1 AS one WITH NO DATA;
CREATE FUNCTION shop.stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.since := coalesce(NEW.since, now()); RETURN NEW; END $$;
CREATE TRIGGER stamp BEFORE INSERT ON shop.customer FOR EACH ROW EXECUTE FUNCTION shop.stamp();
ALTER TABLE shop.customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY everyone ON shop.customer USING (true);
ALTER TABLE shop.parent ADD CONSTRAINT later CHECK (a > -5) NOT VALID;
COMMENT ON TABLE shop.customer IS 'People; "quoted" and ''quoted''';
CREATE PUBLICATION sample FOR TABLE shop.customer;

INSERT INTO shop.customer (email, tags, profile, born, since, score, picture, story, rest)
  SELECT 'person' || g || '@example.org', hstore('n', g::text), jsonb_build_object('n', g, 'list', array[g, g + 1]),
    date '1970-01-01' + g, timestamptz '2025-01-01 00:00:00.123456+00' + g * interval '1 minute', 1.0 / g,
    decode(md5(g::text), 'hex'), repeat('ünï©ode ' || g, g % 300), g * interval '1 hour 1 second'
  FROM generate_series(1, 2000) AS g;
INSERT INTO shop."order" (customer, state, total, placed)
  SELECT 1000 + g % 2000, (array['new', 'paid', 'sent'])[1 + g % 3]::shop.state, g * 1.01, date '2025-01-01' + g % 500
  FROM generate_series(1, 5000) AS g;
INSERT INTO shop.event SELECT timestamptz '2025-06-01 00:00+00' + g * interval '6 hours', 'event ' || g
  FROM generate_series(1, 1500) AS g;
INSERT INTO "od d""ity"."ta'ble
with a line" VALUES (1, E'tab\\t, backslash \\\\ and \\n new line', 0), (2, NULL, 1), (3, '', 2), (4, '\\.', 3);
INSERT INTO shop.nothing SELECT FROM generate_series(1, 3);
INSERT INTO shop.scratch VALUES (1);
INSERT INTO shop.parent VALUES (1);
INSERT INTO shop.child VALUES (2, 3);
SELECT nextval('shop.countdown'), nextval('shop.countdown');
REFRESH MATERIALIZED VIEW shop.totals;
SELECT lo_from_bytea(0, decode(repeat('deadbeef', 300000), 'hex'));
SELECT lo_from_bytea(0, '');
SELECT lo_from_bytea(0, convert_to(repeat('0123456789abcdef', 524288), 'SQL_ASCII'));
`;
