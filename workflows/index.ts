/** The workflows that a worker registers, under the names that users rely on. */
export { analyticsReport } from './analytics-report.ts';
export { backupSource } from './backup-source.ts';
export { dailyBackup, incrementalBackup } from './every-source.ts';
export { extendObjectLocks } from './extend-object-locks.ts';
export { complianceCheck, securityMonitoring } from './inspections.ts';
export { keepReplaced } from './keep-replaced.ts';
export { kubernetesBackup } from './kubernetes-backup.ts';
export { monthlyArchive } from './monthly-archive.ts';
export { planRestore } from './plan-restore.ts';
export { prune } from './prune.ts';
export { replicate } from './replicate.ts';
export { restore } from './restore.ts';
export { rollBackRestore } from './roll-back-restore.ts';
export { sweep } from './sweep.ts';
export { verification } from './verification.ts';
