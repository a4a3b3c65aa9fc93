import type { Case } from './case.ts';
import { checks } from './check.ts';
import { firstBackups } from './first-backup.ts';
import { furtherBackups } from './further-backup.ts';
import { largeBackups } from './large.ts';
import { maintenance } from './maintenance.ts';
import { restores } from './restore.ts';

export const cases: readonly Case[] = [
  ...firstBackups,
  ...furtherBackups,
  ...restores,
  ...checks,
  ...maintenance,
  ...largeBackups,
];
