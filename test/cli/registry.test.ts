import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand } from './command-line.ts';

/** Prints at the end of the process which packages it has loaded. */
const packagesToStderr = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  const packages = new Set();
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const name = /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(resolved.url)?.[1];
      if (name !== undefined) packages.add(name);
      return resolved;
    },
  });
  process.on('exit', () => console.error([...packages].join('\\n')));
`)}`;

for (const command of ['backup', 'restore', 'snapshots', 'forget', 'check']) {
  test(`repo ${command} starts without Temporal and the clients of object stores`, async () => {
    const { stderr } = await runCommand(['repo', command, '--repo', '/nonexistent'], {
      env: { NODE_OPTIONS: `--import=${packagesToStderr}`, RESGUARDO_PASSWORD: 'secret' },
    });
    const packages = stderr.split('\n');
    assert.ok(packages.includes('commander'), stderr);
    const heavy = packages.filter((name) => /^(@temporalio|@aws-sdk|@azure|@google-cloud)\//.test(name));
    assert.deepEqual(heavy, []);
  });
}
