import { Failure } from '../contracts/failures.ts';

interface Remembered<T> {
  readonly request: string;
  readonly answer: Promise<T>;
  readonly at: number;
}

const dayMs = 86_400_000;
const most = 10_000;

/** Answers of the last day by their idempotency keys, in memory: after a restart a run under way is still joined. */
export class RememberedAnswers<T> {
  readonly #answers = new Map<string, Remembered<T>>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * The answer of the first request with this key. A failure is not remembered: it may be tried again.
   * @throws {Failure} InvalidInput when the key came with another request
   */
  async once(key: string, { request, answer }: { request: string; answer: () => Promise<T> }): Promise<T> {
    this.#forgetOld();
    const earlier = this.#answers.get(key);
    if (earlier !== undefined) {
      if (earlier.request === request) return earlier.answer;
      throw new Failure(
        'InvalidInput',
        'The header is wrong: Idempotency-Key: came with another request before',
        {
          advice: 'Use a new key for each backup that is wanted.',
        },
      );
    }
    const remembered = { request, answer: answer(), at: this.#now() };
    this.#answers.set(key, remembered);
    try {
      return await remembered.answer;
    } catch (error) {
      if (this.#answers.get(key) === remembered) this.#answers.delete(key);
      throw error;
    }
  }

  /** The map is in the order of time. */
  #forgetOld(): void {
    for (const [key, { at }] of this.#answers) {
      if (this.#answers.size < most && this.#now() - at < dayMs) return;
      this.#answers.delete(key);
    }
  }
}
