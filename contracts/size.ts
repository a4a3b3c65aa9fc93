/** Sizes as people write them: `500`, `500M`, `1.5g`, `2GiB`; binary units, as restic reads them. */

export const sizePattern = /^\d+(?:\.\d+)?[kmgtKMGT]?(?:[iI]?[bB])?$/;

/** Bytes of a size, or undefined when the text is none. */
export function parseSize(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * 1024 ** ' kmgt'.indexOf(unit.toLowerCase() || ' '));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
