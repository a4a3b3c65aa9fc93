const listedDamages = 100;

/** Collects damage: one sentence for each, naming the object and what it affects. */
export class Damages {
  readonly #listed: string[] = [];
  #count = 0;

  /** The first hundred. */
  get listed(): readonly string[] {
    return this.#listed;
  }

  get count(): number {
    return this.#count;
  }

  add(sentence: string): void {
    this.#count += 1;
    if (this.#listed.length < listedDamages) this.#listed.push(sentence);
  }

  /** Adds what was collected elsewhere. */
  addAll(other: Damages): void {
    this.#count += other.#count;
    this.#listed.push(...other.#listed.slice(0, listedDamages - this.#listed.length));
  }
}
