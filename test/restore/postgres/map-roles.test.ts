import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapStatements } from '../../../restore/postgres/map-roles.ts';

const map = { old: 'new', 'r TO x': 'y', rr: 'zü"' };

const cases = [
  ['GRANT SELECT(id) ON TABLE shop.old TO old;\n', 'GRANT SELECT(id) ON TABLE shop.old TO "new";\n'],
  [
    'REVOKE ALL ON FUNCTION shop.f(old integer) FROM PUBLIC;\nGRANT ALL ON FUNCTION shop.f(old integer) TO "r TO x" WITH GRANT OPTION;\n',
    'REVOKE ALL ON FUNCTION shop.f(old integer) FROM PUBLIC;\nGRANT ALL ON FUNCTION shop.f(old integer) TO "y" WITH GRANT OPTION;\n',
  ],
  [
    'SET SESSION AUTHORIZATION "r TO x";\nGRANT SELECT ON TABLE "a TO old" TO rr;\nRESET SESSION AUTHORIZATION;\n',
    `SET SESSION AUTHORIZATION "y";\nGRANT SELECT ON TABLE "a TO old" TO ${Buffer.from('"zü"""').toString('latin1')};\nRESET SESSION AUTHORIZATION;\n`,
  ],
  [
    'ALTER DEFAULT PRIVILEGES FOR ROLE old IN SCHEMA old GRANT SELECT ON TABLES TO other;\n',
    'ALTER DEFAULT PRIVILEGES FOR ROLE "new" IN SCHEMA old GRANT SELECT ON TABLES TO other;\n',
  ],
  [
    `CREATE POLICY old ON shop.old AS RESTRICTIVE FOR SELECT TO old, "r TO x" USING ((name = ' TO old'::text));\n`,
    `CREATE POLICY old ON shop.old AS RESTRICTIVE FOR SELECT TO "new", "y" USING ((name = ' TO old'::text));\n`,
  ],
] as const;

for (const [statement, expected] of cases) {
  test(`roles are changed where they are roles alone: ${statement.split('\n', 1)[0]}`, () => {
    assert.equal(mapStatements(statement, map), expected);
  });
}
