import type { Row } from './row.ts';
import {
  awayForAMinute,
  awayForLong,
  endedWorkers,
  frozenWorkers,
  killedServers,
  killedWorkers,
} from './rows/x1-workers.ts';
import { kills } from './rows/x2-kills.ts';
import { powerCut } from './rows/x2-power-cut.ts';
import { killedRepairs } from './rows/x2-repair.ts';
import { busyService } from './rows/x6-busy-service.ts';
import { badLine } from './rows/x7-bad-line.ts';
import { endedCredentials } from './rows/x8-credentials.ts';
import { fullCache } from './rows/x9-cache.ts';
import { diskErrors } from './rows/x9-errors.ts';
import { fullDisk, fullTarget } from './rows/x9-full-disk.ts';
import { bitFlips, smallFiles } from './rows/x10-bit-flips.ts';
import { repairs } from './rows/x10-repair.ts';
import { rollback } from './rows/x11-rollback.ts';
import { tampering } from './rows/x11-tampering.ts';
import { wrongKeys, wrongKeysByCommand } from './rows/x12-keys.ts';
import { nonces } from './rows/x13-nonces.ts';
import { dyingCommands } from './rows/x14-commands.ts';
import { dyingDumps } from './rows/x14-databases.ts';
import { forbidden } from './rows/x15-forbidden.ts';
import { movingFiles } from './rows/x15-moving-files.ts';
import { oddTrees } from './rows/x16-odd-trees.ts';
import { decoderFuzz } from './rows/x17-decoders.ts';
import { hostile } from './rows/x17-hostile.ts';
import { archives, plantedStatements, psqlCommands } from './rows/x18-hostile-dumps.ts';
import { injectedNames } from './rows/x19-injected-names.ts';
import { staleLocks } from './rows/x20-stale-locks.ts';
import { keyTiming } from './rows/x21-timing.ts';

/** All rows, in the order of the fault table. */
export const rows: readonly Row[] = [
  killedWorkers,
  kills,
  killedRepairs,
  powerCut,
  endedWorkers,
  killedServers,
  awayForAMinute,
  awayForLong,
  frozenWorkers,
  busyService,
  badLine,
  endedCredentials,
  fullDisk,
  fullTarget,
  fullCache,
  diskErrors,
  bitFlips,
  smallFiles,
  repairs,
  tampering,
  rollback,
  wrongKeys,
  wrongKeysByCommand,
  nonces,
  dyingCommands,
  dyingDumps,
  movingFiles,
  forbidden,
  oddTrees,
  hostile,
  decoderFuzz,
  psqlCommands,
  plantedStatements,
  archives,
  injectedNames,
  staleLocks,
  keyTiming,
];
