import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type CommandEnd, runCommand } from '../../test/cli/command-line.ts';
import { temporaryFolder } from '../../test/repository/temporary-folder.ts';
import { createUser, type MinioUser, removeUser } from '../../test/servers/minio-user.ts';
import type { Row } from '../row.ts';
import type { RowRun } from '../row-run.ts';
import { type Line, openLine } from '../s3-line.ts';

const files = 40;
const fileBytes = 300_000;
const allRights = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['s3:*'], Resource: ['arn:aws:s3:::*'] }],
};

/** Where a process gets its credentials from. */
interface Giver {
  /** Variables and lines of the configuration that lead to it. */
  readonly env: Readonly<Record<string, string>>;
  readonly access: readonly string[];
  give(user: MinioUser): Promise<void>;
}

type Kind = readonly [name: string, makeGiver: (run: RowRun) => Promise<Giver>, isRenewed: boolean];

const kinds: readonly Kind[] = [
  ['renewed in files', fileGiver, true],
  ['renewed by an endpoint', endpointGiver, true],
  ['ended, and renewed by nobody', fileGiver, false],
];

export const endedCredentials: Row = {
  id: 'X8',
  title: 'credentials that end under way are got anew, or the run ends at once and says so',
  counts: { test: 3, soak: 5 * kinds.length },
  run: async (run) => {
    const line = await openLine(run);
    for (const { number } of run.cases()) {
      const [name, makeGiver, isRenewed] = kinds[number % kinds.length] ?? [];
      if (name === undefined || makeGiver === undefined) return;
      await run.check(name, async () =>
        backUp(run, { line, giver: await makeGiver(run), isRenewed: isRenewed === true }),
      );
    }
  },
};

interface Scene {
  readonly line: Line;
  readonly giver: Giver;
  readonly isRenewed: boolean;
}

async function backUp(run: RowRun, { line, giver, isRenewed }: Scene): Promise<void> {
  const { proxy, server } = line;
  const folder = await temporaryFolder(run);
  const [first, second] = [await createUser(server, allRights), await createUser(server, allRights)];
  await giver.give(first);
  proxy.rules();
  const command = await commandIn(folder, {
    url: `s3:${proxy.origin}/${await line.makeBucket()}/main`,
    giver,
  });
  await command('repo', 'init');
  const source = join(folder, 'source');
  await mkdir(source);
  for (let index = 0; index < files; index += 1)
    await writeFile(join(source, String(index)), randomBytes(fileBytes));
  const end = async (): Promise<void> => {
    if (isRenewed) await giver.give(second);
    await removeUser(server, first);
  };
  const before = proxy.seen.length;
  proxy.rules({ method: 'PUT', path: /\/data\//, skip: 1, times: 1, fault: { kind: 'work', work: end } });
  const backup = ['repo', 'backup', source, '--pack-size', '4'];
  if (isRenewed) await command(...backup);
  else {
    const { code, stderr } = await command.anyEnd(...backup);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /the credentials are wrong \(InvalidAccessKeyId/);
    run.figure('requests of a run whose credentials ended', proxy.seen.length - before);
    await giver.give(second);
    await command('repo', 'unlock');
    await command(...backup);
  }
  await command('repo', 'check', '--read-data');
}

type RunCommand = ((...args: readonly string[]) => Promise<void>) & {
  readonly anyEnd: (...args: readonly string[]) => Promise<CommandEnd>;
};

async function commandIn(
  folder: string,
  { url, giver }: { readonly url: string; readonly giver: Giver },
): Promise<RunCommand> {
  const file = join(folder, 'resguardo.yaml');
  await writeFile(join(folder, 'key'), 'correct horse', { mode: 0o600 });
  const lines = ['repositories:', '  main:', `    url: ${url}`, '    password: file:key', ...giver.access];
  await writeFile(file, lines.join('\n'));
  const anyEnd = (...args: readonly string[]): Promise<CommandEnd> =>
    runCommand([...args, '--config', file, '--no-cache'], { env: giver.env });
  const run = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr, stdout } = await anyEnd(...args);
    assert.equal(code, 0, `${args[1]}: ${stderr}${stdout}`);
  };
  return Object.assign(run, { anyEnd });
}

/** Files that another program writes anew, each at once. */
async function fileGiver(run: RowRun): Promise<Giver> {
  const folder = await temporaryFolder(run);
  const [id, secret] = [join(folder, 'id'), join(folder, 'secret')];
  return {
    env: {},
    access: [`    s3: {accessKeyId: "file:${id}", secretAccessKey: "file:${secret}"}`],
    give: async (user) => {
      for (const [path, text] of [
        [id, user.accessKeyId],
        [secret, user.secretAccessKey],
      ] as const) {
        await writeFile(`${path}.new`, text, { mode: 0o600 });
        await rename(`${path}.new`, path);
      }
    },
  };
}

/** What the metadata service of a container gives, good for an hour as it says. */
async function endpointGiver(run: RowRun): Promise<Giver> {
  let given: MinioUser | undefined;
  const server = createServer((_, answer) => {
    const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = given ?? {};
    const Expiration = new Date(Date.now() + 3_600_000).toISOString();
    answer.setHeader('content-type', 'application/json');
    answer.end(JSON.stringify({ AccessKeyId, SecretAccessKey, Token: '', Expiration }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  run.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/credentials` },
    access: [],
    give: async (user) => {
      given = user;
    },
  };
}
