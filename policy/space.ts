import type { Finding } from '../contracts/findings.ts';
import { formatBytes, formatPercent } from './wording.ts';

/** Free share below which people are told. */
const warningShare = 0.1;
const criticalShare = 0.05;

export interface DiskUse {
  readonly path: string;
  readonly totalBytes: number;
  /** What an ordinary user may still write. */
  readonly freeBytes: number;
}

/** Whether the file system of a path has space: less than 10 % free is a warning, less than 5 % critical. */
export function spaceFinding({ path, totalBytes, freeBytes }: DiskUse): Finding {
  const share = totalBytes > 0 ? freeBytes / totalBytes : 0;
  const level = share < criticalShare ? 'critical' : share < warningShare ? 'warning' : 'ok';
  return {
    check: 'space',
    subject: path,
    level,
    message: `The file system of ${path} has ${formatBytes(freeBytes)} free (${formatPercent(share)}).`,
    evidence: [`${freeBytes} of ${totalBytes} bytes free`],
    ...(level === 'ok'
      ? {}
      : {
          mend: 'Free space, or keep less: `resguardo forget --dry-run` shows what retention would remove.',
        }),
  };
}
