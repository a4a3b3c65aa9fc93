/**
 * Splits a list of URLs at line ends, and at commas or spaces before which a URL ends and after which another
 * one begins: a comma inside of a URL (a password, several hosts) is part of it.
 */
export function splitUrls(list: string): readonly string[] {
  return list
    .split(/[\r\n]+|[,;\s]+(?=[A-Za-z][A-Za-z0-9+.-]*:\/\/)/)
    .map((entry) => entry.trim().replace(/[,;]+$/, ''))
    .filter((entry) => entry !== '');
}
