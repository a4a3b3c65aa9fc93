/** First version number of a text such as "restic 0.14.0 compiled with go1.19", or undefined. */
export function versionIn(text: string, pattern = /(\d+(?:\.\d+)+)/): string | undefined {
  return pattern.exec(text)?.[1];
}

/** Negative if `left` is the older version, 0 if they are equal. Versions are numbers joined by dots. */
export function compareVersions(left: string, right: string): number {
  const [leftParts, rightParts] = [left.split('.').map(Number), right.split('.').map(Number)];
  for (let index = 0; index < Math.max(leftParts.length, rightParts.length); index += 1) {
    const difference = (leftParts[index] ?? 0) - (rightParts[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
