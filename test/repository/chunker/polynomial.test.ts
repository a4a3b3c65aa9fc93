import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  degree,
  isChunkerPolynomial,
  isIrreducible,
  randomChunkerPolynomial,
  remainder,
} from '../../../repository/chunker/polynomial.ts';

test('the small irreducible polynomials are known', () => {
  const irreducible = Array.from({ length: 0b100000 }, (_, n) => BigInt(n)).filter(isIrreducible);
  assert.deepEqual(
    irreducible.map((polynomial) => polynomial.toString(2)),
    ['10', '11', '111', '1011', '1101', '10011', '11001', '11111'],
  );
});

test('a product is reducible', () => {
  const factor = fc.bigInt({ min: 2n, max: 2n ** 26n });
  fc.assert(
    fc.property(factor, factor, (a, b) => {
      assert.equal(isIrreducible(product(a, b)), false);
    }),
  );
});

test('a remainder is of a lower degree, and differs by a multiple of the divisor', () => {
  const any = fc.bigInt({ min: 0n, max: 2n ** 60n });
  fc.assert(
    fc.property(any, fc.bigInt({ min: 1n, max: 2n ** 30n }), (value, divisor) => {
      const rest = remainder(value, divisor);
      assert.ok(degree(rest) < degree(divisor) || divisor === 1n);
      assert.equal(remainder(value ^ rest, divisor), 0n);
    }),
  );
});

test("a new polynomial is one that restic's chunker takes", () => {
  const polynomial = randomChunkerPolynomial();
  assert.equal(degree(polynomial), 53);
  assert.ok(isChunkerPolynomial(polynomial));
  assert.notEqual(polynomial, randomChunkerPolynomial());
});

test("the polynomial of restic's design document is taken, one of another degree or a product is not", () => {
  assert.ok(isChunkerPolynomial(0x25b468838dcb75n));
  assert.ok(!isChunkerPolynomial(0x25b468838dcb74n));
  assert.ok(!isChunkerPolynomial(0b1011n));
  assert.ok(!isChunkerPolynomial(0n));
});

function product(a: bigint, b: bigint): bigint {
  let result = 0n;
  for (let bit = 0n; bit <= degree(b); bit++) if ((b >> bit) & 1n) result ^= a << bit;
  return result;
}
