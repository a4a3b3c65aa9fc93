import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../../secrets/secret.ts';
import { parseConnectionUrl, type UrlForm } from '../../sources/connection-url.ts';

const form: UrlForm = { server: 'PostgreSQL', schemes: ['postgresql', 'postgres'] };

test('any user, password, database and value of a parameter comes out as it went in', () => {
  const text = fc.string({ unit: 'grapheme' });
  fc.assert(
    fc.property(text, text, text, text, (user, password, database, value) => {
      const [one, two, three, four] = [user, password, database, value].map(encodeURIComponent);
      const url = new Secret(`postgres://${one}:${two}@[::1]:7/${three}?a=${four}&b=`);
      assert.deepEqual(parseConnectionUrl(url, form), {
        ...{ user, password, host: '::1', port: '7', database },
        parameters: [
          { name: 'a', value },
          { name: 'b', value: '' },
        ],
      });
    }),
  );
});

test('what is wrong with a URL is told without repeating it', () => {
  for (const [url, reason] of [
    ['mysql://canary@h', /it is not of the form postgresql:\/\/USER:PASSWORD@HOST:PORT\/DATABASE$/],
    ['postgres://canary@h,i/d', /it must name one HOST or HOST:PORT$/],
    ['postgres://canary:%zz@h/d', /its password has a "%" that is no percent-encoding/],
  ] as const) {
    assert.throws(
      () => parseConnectionUrl(new Secret(url), form),
      (error: Error) => reason.test(error.message) && !/canary/.test(error.message),
    );
  }
});
