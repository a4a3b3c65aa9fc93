import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { jsonOf, runCommand, temporaryFolder } from '../command-line.ts';

const env = { RESGUARDO_PASSWORD: 'secret' };

test('cost puts the prices of a provider to what a repository holds, and foretells the months', async (t) => {
  const { repo, back } = await filled(t);
  await back();
  const args = ['cost', '--repo', repo, '--as', 'aws:DEEP_ARCHIVE', '--months', '2'];
  const shown = await runCommand(args, { env });
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /Amazon S3, us-east-1, as of \d{4}-\d\d/);
  assert.match(shown.stdout, /--thaw bulk: 12 h to 48 h/);
  const report = jsonOf(await runCommand([...args, '--json'], { env }));
  assert.partialDeepStrictEqual(report, {
    provider: 'aws',
    storage: {
      lines: [
        { kind: 'data', storageClass: 'DEEP_ARCHIVE' },
        { kind: 'trees', storageClass: 'STANDARD' },
      ],
    },
  });
  const { forecast } = report as { readonly forecast: { readonly months: readonly unknown[] } };
  assert.equal(forecast.months.length, 2);
});

test('cost says which providers it knows, where the repository lies at none', async (t) => {
  const { repo } = await filled(t);
  const unknown = await runCommand(['cost', '--repo', repo], { env });
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /no provider whose prices are known[\s\S]*aws, azure, gcs, b2, wasabi, r2/);
  const wrong = await runCommand(['cost', '--repo', repo, '--as', 'gcs:GLACIER'], { env });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /no class "GLACIER"[\s\S]*STANDARD, NEARLINE, COLDLINE, ARCHIVE/);
});

test('cost takes the prices of the configuration, and names the field of a wrong file and its mend', async (t) => {
  const { folder, repo } = await filled(t);
  const prices = join(folder, 'prices.json');
  await writeFile(join(folder, 'key'), env.RESGUARDO_PASSWORD, { mode: 0o600 });
  const config = join(folder, 'resguardo.yaml');
  await writeFile(
    config,
    `prices: prices.json\nrepositories:\n  main: { url: ${repo}, password: "file:key" }\n`,
  );
  await writeFile(prices, '{"asOf":"2031-05","providers":{"aws":{"of":"by contract","egressPerGb":0}}}');
  const args = ['cost', '--config', config, '--as', 'aws'];
  const shown = await runCommand(args, { env: {} });
  assert.match(shown.stdout, /Amazon S3, by contract, as of 2031-05/, shown.stderr);
  await writeFile(
    prices,
    '{"asOf":"2031-05","providers":{"aws":{"classes":{"GLACIER":{"storagePerGbMonth":"cheap","putPer1000":0,"getPer1000":0}}}}}',
  );
  const wrong = await runCommand(args, { env: {} });
  assert.equal(wrong.code, 2);
  assert.match(
    wrong.stderr,
    /prices\.json are wrong: providers\.aws\.classes\.GLACIER\.storagePerGbMonth: [\s\S]*docs\/cost\.md/,
  );
  const missing = await runCommand([...args, '--prices', join(folder, 'absent')], { env: {} });
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /absent cannot be read: ENOENT[\s\S]*Correct the path/);
});

/** A repository with one backup, and how to make another. */
async function filled(t: TestContext) {
  const folder = await temporaryFolder(t);
  const [repo, source] = [join(folder, 'repository'), join(folder, 'source')];
  await mkdir(source);
  const back = async () => {
    await writeFile(join(source, randomBytes(4).toString('hex')), randomBytes(100_000));
    const { code, stderr } = await runCommand(['repo', 'backup', source, '--repo', repo], { env });
    assert.equal(code, 0, stderr);
  };
  assert.equal((await runCommand(['repo', 'init', '--repo', repo], { env })).code, 0);
  await back();
  return { folder, repo, back };
}
