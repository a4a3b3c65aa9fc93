const segmentBits = 14;
const segmentEntries = 1 << segmentBits;

/** A growing list of 32-bit numbers that takes 4 bytes for each and never copies itself. */
export class NumberColumn {
  readonly #segments: Uint32Array[] = [];

  get(position: number): number {
    return this.#segments[position >>> segmentBits]?.[position & (segmentEntries - 1)] ?? 0;
  }

  set(position: number, value: number): void {
    const number = position >>> segmentBits;
    let segment = this.#segments[number];
    if (!segment) {
      segment = new Uint32Array(segmentEntries);
      this.#segments[number] = segment;
    }
    segment[position & (segmentEntries - 1)] = value;
  }
}
