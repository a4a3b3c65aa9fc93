import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadConfiguration, parseConfiguration } from '../../configuration/load.ts';
import { isFailure } from '../../contracts/failures.ts';
import { schemaFile, schemaText } from '../../scripts/configuration-schema.ts';

const file = '/etc/resguardo/resguardo.yaml';
const repositories = 'repositories:\n  main:\n    url: repo\n    password: file:key\n';

function problemOf(content: string): string {
  try {
    parseConfiguration(file, content, {});
  } catch (error) {
    assert.ok(isFailure(error, 'InvalidConfiguration'), String(error));
    return error.message;
  }
  throw new assert.AssertionError({ message: 'the configuration was accepted' });
}

test('paths are relative to the folder of the file', () => {
  const text = `${repositories}sources:\n  etc:\n    kind: files\n    paths: [data]\n`;
  const configuration = parseConfiguration(file, text, {});
  assert.equal(configuration.repositories.main?.url, '/etc/resguardo/repo');
  assert.equal(configuration.repositories.main?.password, 'file:/etc/resguardo/key');
  const source = configuration.sources.etc;
  assert.ok(source?.kind === 'files');
  assert.deepEqual(source.paths, ['/etc/resguardo/data']);
});

test('a problem names file, line, column, field and a right value', () => {
  const text = `${repositories}sources:\n  etc:\n    kind: files\n    paths: data\n`;
  assert.equal(
    problemOf(text),
    `${file}:8:5: sources.etc.paths: invalid input: expected array, received string (for example paths: ["/etc","/home"])`,
  );
});

test('an unknown field is refused, and the one that was meant is named', () => {
  assert.match(
    problemOf(`${repositories}source:\n  a: 1\n`),
    /:5:1: source: there is no such field; did you mean sources\?/,
  );
});

test('every problem is told at once', () => {
  const problems = problemOf(`${repositories}stateDir: 7\nlog: {level: loud}\n`).split('\n');
  assert.equal(problems.length, 2);
  assert.match(problems[0] ?? '', /:5:1: stateDir: /);
  assert.match(problems[1] ?? '', /:6:7: log\.level: /);
});

test('what is no YAML is told with its place and without the text around it', () => {
  const problem = problemOf('repositories:\n  main:\n   url: repo\n    password: hunter2\n');
  assert.match(problem, /^\/etc\/resguardo\/resguardo\.yaml:\d+:\d+: this is not valid YAML: /);
  assert.doesNotMatch(problem, /hunter2/);
});

test('a secret that stands in the file is refused and not repeated', () => {
  const password = problemOf('repositories:\n  main:\n    url: repo\n    password: hunter2\n');
  assert.match(password, /repositories\.main\.password: must be a reference/);
  const connection = problemOf(
    `${repositories}sources:\n  db:\n    kind: postgres\n    connection: postgresql://u:hunter2@h/d\n`,
  );
  assert.match(connection, /sources\.db\.connection: must not hold a password/);
  assert.doesNotMatch(password + connection, /hunter2/);
});

test('a wrong kind of source is told with the kinds that there are', () => {
  assert.match(
    problemOf(`${repositories}sources:\n  x:\n    kind: file\n`),
    /sources\.x\.kind: must be postgres or mysql or command or files/,
  );
});

test('a missing field is called missing', () => {
  assert.match(
    problemOf(`${repositories}sources:\n  db:\n    kind: postgres\n`),
    /sources\.db\.connection: is missing/,
  );
  assert.match(problemOf(''), /repositories: is missing/);
});

test('a name that refers to nothing is told with the names that there are', () => {
  assert.match(problemOf(`${repositories}defaultRepository: other\n`), /no repository other; there is main/);
});

test('a missing file says where it was looked for', async () => {
  await assert.rejects(
    loadConfiguration({ env: {}, cwd: '/no/such/folder' }),
    /neither resguardo\.yaml in \/no\/such\/folder/,
  );
});

test('the published JSON Schema is current', () => {
  assert.equal(readFileSync(schemaFile, 'utf8'), schemaText(), 'run `npm run schema`');
});
