-- A shop's database with what a restore must bring back: keys between tables, sequences, types of its own,
-- JSON, binary data, large text, generated columns, partitions, triggers, views, and extensions that
-- columns and indexes depend on.

CREATE EXTENSION citext;
CREATE EXTENSION pg_trgm;

CREATE SCHEMA shop;
CREATE SCHEMA archive;
SET search_path = shop, public;

CREATE TYPE order_status AS ENUM ('new', 'paid', 'shipped', 'delivered', 'returned');
CREATE DOMAIN amount AS numeric(12, 2) CHECK (VALUE >= 0);

CREATE TABLE country (
  code char(2) PRIMARY KEY,
  name text NOT NULL
);

CREATE TABLE customer (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email citext NOT NULL UNIQUE,
  name text NOT NULL,
  country char(2) NOT NULL REFERENCES country,
  phones text[] NOT NULL DEFAULT '{}',
  profile jsonb NOT NULL DEFAULT '{}',
  joined_at timestamptz NOT NULL
);
CREATE INDEX customer_name ON customer USING gin (name gin_trgm_ops);

CREATE TABLE category (
  id integer PRIMARY KEY,
  parent_id integer REFERENCES category,
  name text NOT NULL,
  UNIQUE (parent_id, name)
);

CREATE TABLE product (
  id serial PRIMARY KEY,
  category_id integer NOT NULL REFERENCES category,
  sku text NOT NULL UNIQUE CHECK (sku ~ '^[A-Z]{2}-[0-9]{6}$'),
  name text NOT NULL,
  price amount NOT NULL,
  attributes jsonb NOT NULL,
  words tsvector GENERATED ALWAYS AS (to_tsvector('simple', name)) STORED
);
CREATE INDEX product_words ON product USING gin (words);
COMMENT ON COLUMN product.sku IS 'Two letters for the warehouse, six digits for the article';

CREATE TABLE document (
  id uuid PRIMARY KEY,
  product_id integer REFERENCES product ON DELETE SET NULL,
  title text NOT NULL,
  body text NOT NULL,
  picture bytea NOT NULL
);

CREATE SEQUENCE invoice_number START 100000 INCREMENT 7 CACHE 20;

CREATE TABLE orders (
  id bigint PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customer,
  status order_status NOT NULL DEFAULT 'new',
  invoice bigint NOT NULL UNIQUE DEFAULT nextval('invoice_number'),
  placed_at timestamptz NOT NULL,
  note text
);
CREATE INDEX orders_open ON orders (placed_at) WHERE status IN ('new', 'paid');

CREATE TABLE order_item (
  order_id bigint NOT NULL REFERENCES orders ON DELETE CASCADE,
  line smallint NOT NULL,
  product_id integer NOT NULL REFERENCES product,
  quantity integer NOT NULL CHECK (quantity > 0),
  price amount NOT NULL,
  total amount GENERATED ALWAYS AS (quantity * price) STORED,
  PRIMARY KEY (order_id, line)
);

CREATE TABLE event (
  id bigint NOT NULL,
  happened_at timestamptz NOT NULL,
  kind text NOT NULL,
  data jsonb NOT NULL,
  PRIMARY KEY (id, happened_at)
) PARTITION BY RANGE (happened_at);
CREATE TABLE archive.event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2025-01-01 00:00+00');
CREATE TABLE archive.event_2025 PARTITION OF event FOR VALUES FROM ('2025-01-01 00:00+00') TO ('2026-01-01 00:00+00');

-- Names that need quoting, and a table without a key.
CREATE TABLE "Stock Count" (
  "Product Id" integer REFERENCES product,
  "where" text,
  counted real,
  checked double precision,
  day date
);

CREATE FUNCTION keep_paid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status <> 'new' AND NEW.status = 'new' THEN
    RAISE EXCEPTION 'order % cannot become new again', OLD.id;
  END IF;
  RETURN NEW;
END;
$$;
CREATE TRIGGER orders_keep_paid BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION keep_paid();

CREATE VIEW open_order AS
  SELECT o.id, c.email, o.placed_at, sum(i.total) AS total
  FROM orders o
  JOIN customer c ON c.id = o.customer_id
  JOIN order_item i ON i.order_id = o.id
  WHERE o.status IN ('new', 'paid')
  GROUP BY o.id, c.email, o.placed_at;

CREATE MATERIALIZED VIEW turnover AS
  SELECT c.country, date_trunc('month', o.placed_at AT TIME ZONE 'UTC') AS month, sum(i.total) AS total
  FROM orders o
  JOIN customer c ON c.id = o.customer_id
  JOIN order_item i ON i.order_id = o.id
  GROUP BY 1, 2
  WITH NO DATA;
CREATE UNIQUE INDEX turnover_key ON turnover (country, month);
