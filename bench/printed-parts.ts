import { z } from 'zod';

const printedParts = z.object({ parts: z.record(z.string(), z.number()) });

/** Seconds of each part of a run, as bench/ours.ts prints them; empty when it has printed something else. */
export function partsOf(printed: unknown): readonly (readonly [part: string, seconds: number])[] {
  const { data } = printedParts.safeParse(printed);
  return Object.entries(data?.parts ?? {});
}
