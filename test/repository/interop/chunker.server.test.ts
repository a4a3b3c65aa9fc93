import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { randomChunkerPolynomial } from '../../../repository/chunker/polynomial.ts';
import { backUpFiles } from '../back-up.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { testRepository } from '../test-repository.ts';
import { Restic } from './restic.ts';

test('whatever the polynomial, restic cuts where we have cut, and adds no data', async (t) => {
  const source = await temporaryFolder(t);
  await writeFile(join(source, 'random'), randomBytes(9_000_000));
  await writeFile(join(source, 'repeated'), Buffer.alloc(12_000_000, randomBytes(70_001)));
  await writeFile(join(source, 'zeros'), Buffer.alloc(9_000_000));
  for (const chunkerPolynomial of Array.from({ length: 3 }, () => randomChunkerPolynomial())) {
    const { repository, folder } = await testRepository(t, { chunkerPolynomial });
    const { summary } = await backUpFiles(repository, { paths: [source] });
    assert.ok(summary.dataBlobs > 5);
    const restic = await Restic.of('0.19.1', folder);
    // Otherwise it takes over from our snapshot what has not changed, without reading it.
    const { dataBlobs } = await restic.backUp(source, '--force');
    assert.equal(dataBlobs, 0, `polynomial ${chunkerPolynomial.toString(16)}`);
  }
});
