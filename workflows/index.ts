/** The workflows that a worker registers, under the names that users rely on. */
export { backupSource } from './backup-source.ts';
export { restore } from './restore.ts';
export { verification } from './verification.ts';
