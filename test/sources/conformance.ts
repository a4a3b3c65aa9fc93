import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { Failure, isFailure } from '../../contracts/failures.ts';
import type { Entry } from '../../repository/archive/entry.ts';
import type { Source } from '../../sources/source.ts';
import { failureOf } from '../failure-of.ts';
import { openStream } from './open-stream.ts';
import { childrenOf } from './postgres/processes.ts';

/** How a kind of source is brought into the states of the contract. Each call makes a source of its own. */
export interface SourceCase {
  /** Whose capture is well; always of the same data in one test. */
  whole(t: TestContext): Promise<Source>;
  /** What cannot be read at all; preflight says so. */
  absent(t: TestContext): Promise<Source>;
  /** A stream that is longer than pipes and buffers; absent where no streams are made. */
  readonly long?: (t: TestContext) => Promise<Source>;
  /** A stream whose program ends badly, or without an end, after it has printed something. */
  readonly broken?: (t: TestContext) => Promise<Source>;
  /** Which of the streams the two are about. */
  readonly isLong?: (name: string) => boolean;
}

const never = new AbortController().signal;

/** The contract of `Source`, to be run against every kind of source. */
export function testSource(kind: string, sources: SourceCase): void {
  const title = (behaviour: string): string => `${kind}: ${behaviour}`;

  test(title('preflight describes what there is, in words'), async (t) => {
    const { description } = await (await sources.whole(t)).preflight(never);
    assert.match(description, /\S/);
  });

  test(title('what cannot be read is a failure of preflight, with its mend'), async (t) => {
    const source = await sources.absent(t);
    const error: unknown = await source.preflight(never).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(isFailure(error), `no failure: ${error}`);
    assert.match(error.type, /^(Source|ToolMissing)/);
    assert.match(error.advice, /\S/);
  });

  test(title('paths are the same for each capture, and absolute'), async (t) => {
    const [one, other] = [await sources.whole(t), await sources.whole(t)];
    assert.deepEqual(one.paths, other.paths);
    assert.ok(one.paths.every((path) => path.startsWith('/')));
  });

  test(title('two captures of the same data have the same entries in the same order'), async (t) => {
    const names = async (): Promise<readonly string[]> => namesOf(await sources.whole(t));
    const first = await names();
    assert.ok(first.length > 0);
    assert.deepEqual(await names(), first);
  });

  test(title('a signal that is aborted before ends everything with its reason'), async (t) => {
    const stop = AbortSignal.abort(new Failure('Cancelled', 'Stopped by a person'));
    const source = await sources.whole(t);
    await failureOf(source.preflight(stop), 'Cancelled');
    await failureOf(namesOf(source, stop), 'Cancelled');
  });

  test(title('closing is safe before a capture, after it, and again'), async (t) => {
    await (await sources.whole(t)).close();
    const source = await sources.whole(t);
    await namesOf(source);
    await source.close();
    await source.close();
  });

  const { long, broken, isLong = () => true } = sources;
  if (long !== undefined) {
    test(title('a cancelled capture fails with the reason, and leaves no program'), async (t) => {
      const before = (await childrenOf(process.pid)).length;
      const stop = new AbortController();
      const source = await long(t);
      const { stream, ended } = await openStream(source, isLong, stop.signal);
      stop.abort(new Failure('Cancelled', 'Stopped by a person'));
      stream.resume();
      await failureOf(ended, 'Cancelled');
      await source.close();
      assert.equal((await childrenOf(process.pid)).length, before);
    });

    test(title('closing in the middle of a stream fails it, and leaves no program'), async (t) => {
      const before = (await childrenOf(process.pid)).length;
      const source = await long(t);
      const { ended } = await openStream(source, isLong, never);
      await source.close();
      await assert.rejects(ended);
      assert.equal((await childrenOf(process.pid)).length, before);
    });
  }

  if (broken !== undefined) {
    test(title('a stream that is broken off never ends as if it were whole'), async (t) => {
      const failure: unknown = await namesOf(await broken(t)).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      assert.ok(isFailure(failure), `no failure: ${failure}`);
      assert.notEqual(failure.type, 'Internal');
    });
  }
}

/** Reads all of a source. */
async function namesOf(source: Source, signal: AbortSignal = never): Promise<readonly string[]> {
  const names: string[] = [];
  const visit = async (entries: AsyncIterable<Entry> | Iterable<Entry>, parent: string): Promise<void> => {
    for await (const entry of entries) {
      const path = `${parent}/${entry.name}`;
      names.push(path);
      if (entry.kind === 'stream') await buffer(await entry.open(signal));
      if (entry.kind === 'directory') await visit(entry.children(), path);
    }
  };
  await visit(source.capture({ signal, warn: () => {} }), '');
  return names;
}
