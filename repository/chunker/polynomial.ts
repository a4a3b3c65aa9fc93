import { randomBytes } from 'node:crypto';

/** Polynomials over GF(2): bit n of the number is the coefficient of x^n. */

const chunkerDegree = 53;

/** A random irreducible polynomial of degree 53, as restic chooses one for each repository. */
export function randomChunkerPolynomial(): bigint {
  const lowBits = (1n << BigInt(chunkerDegree)) - 1n;
  for (;;) {
    const random = randomBytes(8).readBigUInt64LE();
    const candidate = (random & lowBits) | (1n << BigInt(chunkerDegree)) | 1n;
    if (isIrreducible(candidate)) return candidate;
  }
}

export function isChunkerPolynomial(polynomial: bigint): boolean {
  return degree(polynomial) === chunkerDegree && isIrreducible(polynomial);
}

/**
 * Ben-Or's test: f is irreducible if it has no factor in common with x^(2^i) - x for any i up to half of
 * its degree.
 */
export function isIrreducible(f: bigint): boolean {
  const x = 2n;
  let power = x;
  for (let i = 1; i <= degree(f) / 2; i++) {
    power = multiply(power, power, f);
    if (greatestCommonDivisor(f, power ^ x) !== 1n) return false;
  }
  return f > 1n;
}

/** The remainder of the division by `divisor`. */
export function remainder(value: bigint, divisor: bigint): bigint {
  const divisorDegree = degree(divisor);
  let rest = value;
  for (let excess = degree(rest) - divisorDegree; excess >= 0; excess = degree(rest) - divisorDegree) {
    rest ^= divisor << BigInt(excess);
  }
  return rest;
}

/** Degree of a polynomial; -1 for zero. */
export function degree(polynomial: bigint): number {
  return polynomial === 0n ? -1 : polynomial.toString(2).length - 1;
}

/** a·b modulo f, for a of a lower degree than f. */
function multiply(a: bigint, b: bigint, f: bigint): bigint {
  let product = 0n;
  let shifted = a;
  for (const bit of b.toString(2).split('').reverse()) {
    if (bit === '1') product ^= shifted;
    shifted = remainder(shifted << 1n, f);
  }
  return product;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, remainder(a, b));
}
