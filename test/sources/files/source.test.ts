import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { isFailure } from '../../../contracts/failures.ts';
import type { Warning } from '../../../contracts/jobs.ts';
import type { Entry } from '../../../repository/archive/entry.ts';
import { createFilesSource, type FilesSourceOptions } from '../../../sources/files/source.ts';
import { temporaryFolder } from '../../repository/temporary-folder.ts';

const { signal } = new AbortController();

interface Captured {
  /** Entries by path, those below `folder` without it. */
  readonly entries: ReadonlyMap<string, Entry>;
  readonly warnings: readonly Warning[];
}

async function capture(options: FilesSourceOptions, folder = ''): Promise<Captured> {
  const warnings: Warning[] = [];
  const entries = new Map<string, Entry>();
  const visit = async (list: AsyncIterable<Entry> | Iterable<Entry>, above: string): Promise<void> => {
    for await (const entry of list) {
      const path = `${above}/${entry.name.toString()}`;
      entries.set(path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path, entry);
      if (entry.kind === 'directory') await visit(entry.children(), path);
    }
  };
  await visit(createFilesSource(options).capture({ signal, warn: (warning) => warnings.push(warning) }), '');
  return { entries, warnings };
}

/** Names below the folder. */
function below(captured: Captured): readonly string[] {
  return [...captured.entries.keys()].filter((name) => !name.startsWith('/'));
}

async function files(t: TestContext, ...names: readonly string[]): Promise<string> {
  const folder = await temporaryFolder(t);
  for (const name of names) {
    const parent = `${folder}/${name}`.split('/').slice(0, -1).join('/');
    mkdirSync(parent, { recursive: true });
    writeFileSync(`${folder}/${name}`, name);
  }
  return folder;
}

test('paths are listed with the folders above them, and with the metadata of those', async (t) => {
  const folder = await files(t, 'a/b/wanted', 'a/unwanted', 'c');
  const captured = await capture({ paths: [`${folder}/c`, `${folder}/a/b`] }, folder);
  assert.deepEqual(below(captured), ['a', 'a/b', 'a/b/wanted', 'c']);
  const above = captured.entries.get('/tmp') ?? captured.entries.get(folder);
  assert.equal(above?.kind, 'directory');
  const stat = lstatSync(folder, { bigint: true });
  assert.equal(captured.entries.get(folder)?.metadata.mtimeNs, stat.mtimeNs);
  assert.equal(captured.entries.get(folder)?.metadata.inode, stat.ino);
});

test('a path inside of another is listed once, and not left out by a pattern', async (t) => {
  const folder = await files(t, 'a/cache/kept', 'a/other', 'b/cache/left');
  const captured = await capture(
    { paths: [folder, `${folder}/a/cache`, folder], exclude: ['cache'] },
    folder,
  );
  assert.deepEqual(below(captured), ['a', 'a/cache', 'a/other', 'b']);
});

test('names come in the order of their bytes, and need not be text', async (t) => {
  const folder = await temporaryFolder(t);
  const names = [
    Buffer.from([0xff]),
    Buffer.from('😀'),
    Buffer.from('\ufffd'),
    Buffer.from('b'),
    Buffer.from('B'),
  ];
  for (const name of names) writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), name]), '');
  const source = createFilesSource({ paths: [folder] });
  const listed: Buffer[] = [];
  const visit = async (list: AsyncIterable<Entry> | Iterable<Entry>): Promise<void> => {
    for await (const entry of list) {
      if (entry.kind === 'directory') await visit(entry.children());
      else listed.push(entry.name);
    }
  };
  await visit(source.capture({ signal, warn: () => {} }));
  assert.deepEqual(listed, [...names].sort(Buffer.compare));
});

test('links are listed as links, wanted ones too', async (t) => {
  const folder = await files(t, 'real/file');
  symlinkSync('real', `${folder}/link`);
  const captured = await capture({ paths: [`${folder}/link`] }, folder);
  const link = captured.entries.get('link');
  assert.equal(link?.metadata.type, 'symlink');
  assert.deepEqual(link?.metadata.linkTarget, Buffer.from('real'));
});

test('a path that leads through a link is listed below the name of the link', async (t) => {
  const folder = await files(t, 'real/file');
  symlinkSync('real', `${folder}/link`);
  const captured = await capture({ paths: [`${folder}/link/file`] }, folder);
  assert.equal(captured.entries.get('link')?.kind, 'directory');
  assert.equal(captured.entries.get('link/file')?.kind, 'file');
});

test('what is in a cache is left out, but for its tag', async (t) => {
  const folder = await files(t, 'cache/CACHEDIR.TAG', 'cache/big', 'no cache/CACHEDIR.TAG', 'no cache/file');
  writeFileSync(
    `${folder}/cache/CACHEDIR.TAG`,
    'Signature: 8a477f597d28d172789f06886806bc55\n# made by a test',
  );
  const captured = await capture({ paths: [folder], excludeCaches: true }, folder);
  assert.deepEqual(below(captured), [
    'cache',
    'cache/CACHEDIR.TAG',
    'no cache',
    'no cache/CACHEDIR.TAG',
    'no cache/file',
  ]);
});

test('what is in a folder with a marker is left out', async (t) => {
  const folder = await files(t, 'a/.nobackup', 'a/file', 'b/file');
  const captured = await capture({ paths: [folder], excludeIfPresent: ['.nobackup'] }, folder);
  assert.deepEqual(below(captured), ['a', 'a/.nobackup', 'b', 'b/file']);
});

test('other file systems are left out but for the folders that they are mounted on', async (t) => {
  if (lstatSync('/').dev === lstatSync('/proc').dev) {
    t.skip('nothing is mounted at /proc');
    return;
  }
  const source = createFilesSource({ paths: ['/'], oneFileSystem: true });
  let children: readonly Entry[] | undefined;
  for await (const entry of source.capture({ signal, warn: () => {} })) {
    if (entry.name.toString() !== 'proc' || entry.kind !== 'directory') continue;
    children = await Array.fromAsync(entry.children());
  }
  assert.deepEqual(children, []);
});

test('sockets are passed over', async (t) => {
  const folder = await files(t, 'file');
  const server = createServer().listen(`${folder}/socket`);
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  const captured = await capture({ paths: [folder] }, folder);
  assert.deepEqual(below(captured), ['file']);
  assert.deepEqual(captured.warnings, []);
});

test('what cannot be listed is a warning', async (t) => {
  const folder = await files(t, 'file');
  const captured = await capture(
    { paths: [`${folder}/missing`, `${folder}/file/below`, `${folder}/file`] },
    folder,
  );
  assert.deepEqual(
    captured.warnings.map(({ subject }) => subject.slice(folder.length)),
    ['/missing', '/file/below'],
  );
  assert.deepEqual(below(captured), ['file']);
});

test('that no path is there is found before anything is read', async (t) => {
  const folder = await files(t, 'file');
  const source = createFilesSource({
    paths: [`${folder}/missing`, `${folder}/file/below`],
  });
  await assert.rejects(source.preflight(signal), (error) => {
    assert.ok(isFailure(error, 'SourceMissing'));
    assert.ok(error.message.includes(`${folder}/missing does not exist`));
    assert.ok(error.message.includes(`${folder}/file/below does not exist`));
    return true;
  });
});

test('a path that is missing is told before the reading, and does not keep the others from being read', async (t) => {
  const folder = await files(t, 'file', 'folder/one');
  const paths = [`${folder}/gone/below`, `${folder}/folder`];
  const { warnings } = await createFilesSource({ paths }).preflight(signal);
  const expected = [{ subject: `${folder}/gone/below`, message: 'it does not exist' }];
  assert.deepEqual(warnings, expected);
  const captured = await capture({ paths }, folder);
  assert.deepEqual(captured.warnings, expected);
  assert.deepEqual(below(captured), ['folder', 'folder/one']);
  assert.deepEqual(createFilesSource({ paths }).paths, paths, 'those of the snapshot stay the same');
});

test('paths are absolute and cleaned', () => {
  assert.deepEqual(createFilesSource({ paths: ['/srv/', '/srv/../etc/.', '/srv'] }).paths, ['/srv', '/etc']);
  for (const paths of [[], ['relative'], ['']]) {
    assert.throws(
      () => createFilesSource({ paths }),
      (error) => isFailure(error, 'InvalidConfiguration'),
    );
  }
});
