import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { LendingStream, lentPieces } from '../../../repository/archive/lending-stream.ts';

/** Pieces that all lie in the same memory. */
async function* reused(texts: readonly string[], onEnd: () => void = () => {}): AsyncGenerator<Buffer> {
  const memory = Buffer.alloc(3);
  try {
    for (const text of texts) {
      memory.write(text);
      yield memory;
    }
  } finally {
    onEnd();
  }
}

test('who reads a lending stream as any stream keeps what has come', async () => {
  assert.equal(`${await buffer(new LendingStream(reused(['abc', 'def', 'ghi'])))}`, 'abcdefghi');
});

test('lent pieces are the memory of the source itself', async () => {
  const pieces: Uint8Array[] = [];
  for await (const piece of lentPieces(new LendingStream(reused(['abc', 'def'])))) pieces.push(piece);
  assert.equal(pieces.length, 2);
  assert.equal(pieces[0], pieces[1]);
});

test('a lending stream that is destroyed closes its source, whether it was lent or read', async () => {
  for (const isLent of [true, false]) {
    let isClosed = false;
    const stream = new LendingStream(
      reused(['abc', 'def'], () => {
        isClosed = true;
      }),
    );
    stream.on('error', () => {});
    const pieces = (isLent ? lentPieces(stream) : stream)[Symbol.asyncIterator]();
    await pieces.next();
    await new Promise((resolve) => stream.once('close', resolve).destroy(new Error('given up')));
    assert.ok(isClosed);
  }
});

test('an error of the source is the error of the stream', async () => {
  const failing = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from('abc');
    throw new Error('cut');
  };
  await assert.rejects(buffer(new LendingStream(failing())), /cut/);
  await assert.rejects(Array.fromAsync(lentPieces(new LendingStream(failing()))), /cut/);
});
