import { idBytes } from '../ids.ts';

const segmentBits = 14;
const segmentEntries = 1 << segmentBits;
const wordsPerId = idBytes / 4;
const smallestSlots = 1024;

/**
 * Numbers ids from 0 in the order of their coming. Holds some 38 bytes for each id: the id, and its place in
 * a hash table with open addressing. Ids are hashes already, so their first word is the hash value.
 * The same id may be added more than once, each time under a number of its own. Where ids are removed, the table is a
 * set: numbers change then.
 */
export class IdTable {
  #segments: Uint32Array[] = [];
  /** Number of an entry plus 1; 0 is free. */
  #slots = new Uint32Array(smallestSlots);
  #size = 0;
  readonly #wanted = new Uint32Array(wordsPerId);
  readonly #wantedBytes = Buffer.from(this.#wanted.buffer);

  get size(): number {
    return this.#size;
  }

  /** Number of the first entry with this id, or -1. */
  find(id: string): number {
    this.#wantedBytes.write(id, 'hex');
    return this.#probe(this.#start());
  }

  /** All entries with this id. */
  findAll(id: string): readonly number[] {
    this.#wantedBytes.write(id, 'hex');
    const numbers: number[] = [];
    let slot = this.#start();
    for (;;) {
      const number = this.#probe(slot);
      if (number < 0) return numbers;
      numbers.push(number);
      slot = (this.#slotOf(number) + 1) & (this.#slots.length - 1);
      this.#wantedBytes.write(id, 'hex');
    }
  }

  /** Adds an id even if it is there; returns its number. */
  add(id: string): number {
    if ((this.#size + 1) * 3 > this.#slots.length * 2) this.#grow();
    this.#wantedBytes.write(id, 'hex');
    const number = this.#size++;
    this.#words(number).set(this.#wanted, this.#position(number));
    this.#place(number, this.#start());
    return number;
  }

  /** Removes an id if it is there. Its number goes to the one added last. */
  remove(id: string): void {
    const number = this.find(id);
    if (number < 0) return;
    this.#clear(this.#slotOf(number));
    const last = --this.#size;
    if (number === last) return;
    const slot = this.#slotOf(last);
    const words = this.#words(last);
    const from = this.#position(last);
    this.#words(number).set(words.subarray(from, from + wordsPerId), this.#position(number));
    this.#slots[slot] = number + 1;
  }

  /** The id of an entry. */
  id(number: number): string {
    const words = this.#words(number);
    const offset = words.byteOffset + this.#position(number) * 4;
    return Buffer.from(words.buffer, offset, idBytes).toString('hex');
  }

  #start(): number {
    return (this.#wanted[0] ?? 0) & (this.#slots.length - 1);
  }

  /** First entry from this slot on whose id is the wanted one. */
  #probe(from: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = from; ; slot = (slot + 1) & mask) {
      const entry = this.#slots[slot] ?? 0;
      if (entry === 0) return -1;
      if (this.#isWanted(entry - 1)) return entry - 1;
    }
  }

  #isWanted(number: number): boolean {
    const words = this.#words(number);
    const position = this.#position(number);
    for (let word = 0; word < wordsPerId; word++) {
      if (words[position + word] !== this.#wanted[word]) return false;
    }
    return true;
  }

  #slotOf(number: number): number {
    const mask = this.#slots.length - 1;
    let slot = this.#home(number);
    while (this.#slots[slot] !== number + 1) slot = (slot + 1) & mask;
    return slot;
  }

  #place(number: number, from: number): void {
    const mask = this.#slots.length - 1;
    let slot = from;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = number + 1;
  }

  /** Frees a slot. Entries behind it that were put off by it move up, since a search ends at a free slot. */
  #clear(slot: number): void {
    const mask = this.#slots.length - 1;
    let free = slot;
    for (let next = (slot + 1) & mask; ; next = (next + 1) & mask) {
      const entry = this.#slots[next] ?? 0;
      if (entry === 0) break;
      if (((next - this.#home(entry - 1)) & mask) < ((next - free) & mask)) continue;
      this.#slots[free] = entry;
      free = next;
    }
    this.#slots[free] = 0;
  }

  #grow(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let number = 0; number < this.#size; number++) this.#place(number, this.#home(number));
  }

  /** The slot in which the search for an entry begins. */
  #home(number: number): number {
    return (this.#words(number)[this.#position(number)] ?? 0) & (this.#slots.length - 1);
  }

  #words(number: number): Uint32Array {
    const segment = number >>> segmentBits;
    const words = this.#segments[segment];
    if (words) return words;
    const added = new Uint32Array(segmentEntries * wordsPerId);
    this.#segments[segment] = added;
    return added;
  }

  #position(number: number): number {
    return (number & (segmentEntries - 1)) * wordsPerId;
  }
}
