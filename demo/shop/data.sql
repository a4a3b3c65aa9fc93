-- Some 200,000 rows, the same on every machine: each value is made of the row's number.

SET search_path = shop, public;

INSERT INTO country VALUES
  ('AT', 'Österreich'), ('BR', 'Brasil'), ('DE', 'Deutschland'), ('ES', 'España'), ('FI', 'Suomi'),
  ('GR', 'Ελλάδα'), ('IN', 'भारत'), ('JP', '日本'), ('KR', '대한민국'), ('PL', 'Polska');

INSERT INTO customer (email, name, country, phones, profile, joined_at)
SELECT
  'Customer.' || n || '@example.org',
  (ARRAY['Ada', 'Björn', 'Chloé', 'Димитър', 'Eszter', 'Fátima', '健'])[1 + n % 7] || ' ' || initcap(substr(translate(md5(n::text), '0123456789', 'ghijklmnop'), 1, 8)),
  (ARRAY['AT', 'BR', 'DE', 'ES', 'FI', 'GR', 'IN', 'JP', 'KR', 'PL'])[1 + n % 10],
  ARRAY['+49 30 ' || n, '+43 1 ' || n * 7],
  jsonb_build_object('newsletter', n % 3 = 0, 'points', n % 1000, 'tags', jsonb_build_array('t' || n % 5, NULL, n)),
  timestamptz '2023-01-01 00:00+00' + n * interval '37 minutes'
FROM generate_series(1, 20000) n;

INSERT INTO category
SELECT n, CASE WHEN n > 10 THEN 1 + n % 10 END, 'Category ' || n FROM generate_series(1, 120) n;

INSERT INTO product (category_id, sku, name, price, attributes)
SELECT
  1 + n % 120,
  'AB-' || lpad(n::text, 6, '0'),
  (ARRAY['Lamp', 'Table', 'Chair', 'Größer Schrank', 'Étagère'])[1 + n % 5] || ' model ' || n,
  (n * 37 % 90000)::numeric / 100,
  jsonb_build_object('weight_g', n * 13 % 9000, 'colours', jsonb_build_array('red', 'blue'), 'size', jsonb_build_object('w', n % 200, 'h', n % 90))
FROM generate_series(1, 3000) n;

-- Large text, and binary data that does not compress.
INSERT INTO document
SELECT
  md5('document ' || n)::uuid,
  n * 7,
  'Manual ' || n,
  (SELECT string_agg(md5(n || '.' || part) || ' Put the parts on the floor. Do not lose the screws.', E'\n') FROM generate_series(1, 300) part),
  (SELECT decode(string_agg(md5(n || '/' || part), ''), 'hex') FROM generate_series(1, 3072) part)
FROM generate_series(1, 400) n;

INSERT INTO orders (id, customer_id, status, placed_at, note)
SELECT
  n,
  1 + n * 7919 % 20000,
  (ARRAY['new', 'paid', 'shipped', 'delivered', 'returned']::order_status[])[1 + n % 5],
  timestamptz '2024-01-01 00:00+00' + n * interval '19 minutes',
  CASE WHEN n % 9 = 0 THEN E'leave it at the\tdoor, "please" \\ ' || n END
FROM generate_series(1, 40000) n;

INSERT INTO order_item (order_id, line, product_id, quantity, price)
SELECT o, line, 1 + (o * 31 + line * 17) % 3000, 1 + (o + line) % 4, ((o * 13 + line) % 50000)::numeric / 100
FROM generate_series(1, 40000) o, generate_series(1, 1 + o % 4) line;

INSERT INTO event
SELECT
  n,
  timestamptz '2024-01-01 00:00+00' + n * interval '28 minutes',
  (ARRAY['login', 'search', 'cart'])[1 + n % 3],
  jsonb_build_object('session', md5((n / 5)::text), 'ms', n % 900, 'path', '/c/' || n % 120)
FROM generate_series(1, 35000) n;

INSERT INTO "Stock Count"
SELECT 1 + n % 3000, 'shelf ' || n % 40, n / 7.0::real, n / 7.0::double precision, date '2025-01-01' + n % 300
FROM generate_series(1, 5000) n;
INSERT INTO "Stock Count" VALUES (NULL, NULL, 'NaN', '-Infinity', NULL), (1, '', 0, -0.0, date '0044-03-15 BC');

REFRESH MATERIALIZED VIEW turnover;
ANALYZE;
