/** Beginning of the tag that keeps a snapshot up to a time, whatever the rules of retention say: ISO, UTC, follows. */
export const keptUntilTag = 'kept-until:';

/** Whether a tag keeps the snapshot still. */
export function isKeptAt(tags: readonly string[], now: Date): boolean {
  return tags.some(
    (tag) => tag.startsWith(keptUntilTag) && Date.parse(tag.slice(keptUntilTag.length)) > now.getTime(),
  );
}
