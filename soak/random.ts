import { seededRandom } from '../bench/random.ts';

/** Choices of one case, which its seed determines. */
export class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seededRandom(seed);
  }

  /** A whole number from 0 to below the limit. */
  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('There is nothing to pick from.');
    return item;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let offset = 0; offset < length; offset += 1) bytes[offset] = this.below(256);
    return bytes;
  }
}

/** Picks first in turn and then as another does, so that each way of a fault comes before any comes twice. */
export class FirstInTurn extends Random {
  #turn: number | undefined;

  constructor(random: Random, turn: number) {
    super(random.below(2 ** 31));
    this.#turn = turn;
  }

  override pick<T>(items: readonly T[]): T {
    const turn = this.#turn;
    this.#turn = undefined;
    const item = turn === undefined ? undefined : items[turn % items.length];
    return item ?? super.pick(items);
  }
}
