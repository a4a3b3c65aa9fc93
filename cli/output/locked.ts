import type { LockedSum } from '../../repository/remove-files.ts';
import { formatTime } from './format.ts';

/** What the service does not let go yet, until when, and what ends that. `what`: "3 files with 12 MiB". */
export function renderLocked(what: string, { files, until, withoutEnd }: LockedSum): string {
  const ends = until === undefined ? [] : [`the last lock whose time is known ends ${formatTime(until)}`];
  const held =
    withoutEnd === files ? 'nobody has said until when' : `of ${withoutEnd} nobody has said until when`;
  const when = [
    ...ends,
    ...(withoutEnd > 0 ? [`${held}: look for holds, and for a policy of the bucket`] : []),
  ];
  return `Locked ${what} that nothing needs: ${when.join('; ')}. The next run after that removes them`;
}
