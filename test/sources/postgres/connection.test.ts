import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Failure } from '../../../contracts/failures.ts';
import { Secret } from '../../../secrets/secret.ts';
import { describeServer, parsePostgresUrl } from '../../../sources/postgres/connection.ts';
import { databaseString, libpqSettings } from '../../../sources/postgres/libpq.ts';

function parsed(url: string) {
  const { password, ...connection } = parsePostgresUrl(new Secret(url));
  return password === undefined ? connection : { ...connection, password: password.reveal() };
}

function refused(url: string): string {
  try {
    parsePostgresUrl(new Secret(url));
  } catch (error) {
    assert.ok(error instanceof Failure);
    assert.equal(error.type, 'InvalidConfiguration');
    assert.doesNotMatch(inspect(error), /canary/);
    return error.message;
  }
  return 'accepted';
}

test('a URL gives host, port, user, password and database', () => {
  const expected = {
    host: 'db.internal',
    port: 5433,
    user: 'backup',
    password: 'p:w@d/é',
    database: 'my shop',
  };
  assert.deepEqual(parsed('postgresql://backup:p%3Aw%40d%2F%C3%A9@db.internal:5433/my%20shop'), expected);
  assert.deepEqual(parsed('postgres://backup:p:w@d%2Fé@db.internal:5433/my shop'), expected);
});

test('what a URL leaves out is what libpq takes', () => {
  const expected = { host: 'localhost', port: 5432, user: 'backup', database: 'postgres' };
  assert.deepEqual(parsed('postgresql://backup@'), expected);
  assert.deepEqual(parsed('postgresql:///?user=backup'), expected);
});

test('addresses, sockets and parameters of libpq are understood', () => {
  assert.deepEqual(parsed('postgres://u@[2001:db8::1]:6000/d?sslmode=verify-full&sslrootcert=/ca.pem'), {
    host: '2001:db8::1',
    port: 6000,
    user: 'u',
    database: 'd',
    sslMode: 'verify-full',
    sslRootCertificate: '/ca.pem',
  });
  assert.equal(parsePostgresUrl(new Secret('postgresql://u@%2Frun%2Fpg/d')).host, '/run/pg');
  assert.equal(parsePostgresUrl(new Secret('postgresql://u@/d?host=/run/pg')).host, '/run/pg');
});

test('a URL that cannot be used is refused without repeating it', () => {
  assert.match(refused('mysql://u:canary@h/d'), /it is not of the form postgresql:/);
  assert.match(refused('postgres://u:canary%zz@h/d'), /its password has a "%" that is no percent-encoding/);
  assert.match(refused('postgres://u:canary@h:123456/d'), /its port is no port number/);
  assert.match(refused('postgres://u:canary@h1,h2/d'), /it must name one HOST/);
  assert.match(refused('postgres://u:canary@h/d?options=-c%20x'), /its parameter "options" is not supported/);
  assert.match(refused('postgres://u:canary@h/d?sslmode=always'), /its sslmode must be one of disable, /);
  assert.match(refused('postgres://:canary@h/d'), /it names no user/);
});

test('people read host and port', () => {
  assert.equal(describeServer(parsePostgresUrl(new Secret('postgres://u@db1/d'))), 'db1:5432');
  assert.equal(describeServer(parsePostgresUrl(new Secret('postgres://u@[::1]/d'))), '[::1]:5432');
});

test('programs get the password in a file, escaped, and nothing of it elsewhere', () => {
  const connection = parsePostgresUrl(new Secret('postgres://u:a%3Ab%5Cc@h/d'));
  const { env, secretFiles, secrets } = libpqSettings(connection, 'a=b');
  assert.equal(secretFiles.PGPASSFILE?.reveal(), '*:*:*:*:a\\:b\\\\c\n');
  assert.deepEqual(
    secrets.map((secret) => secret.reveal()),
    ['a:b\\c'],
  );
  assert.equal(env.PGDATABASE, 'a=b');
  assert.doesNotMatch(JSON.stringify(env), /a:b/);
});

test('a program without a password does not look for one in a home folder', () => {
  const { env, secretFiles } = libpqSettings(parsePostgresUrl(new Secret('postgres://u@h/d')), 'd');
  assert.equal(env.PGPASSFILE, '/dev/null/none');
  assert.deepEqual(secretFiles, {});
});

test('a password that no password file can hold is refused', () => {
  const connection = parsePostgresUrl(new Secret('postgres://u:canary%0A@h/d'));
  assert.throws(() => libpqSettings(connection, 'd'), {
    name: 'SourceUnsupported',
    message: /holds a line break$/,
  });
});

test('a connection string names a database, whatever is in the name', () => {
  assert.equal(databaseString("it's a=b\\"), "dbname='it\\'s a=b\\\\'");
});
