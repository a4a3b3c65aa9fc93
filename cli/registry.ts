import type { Definition } from './context.ts';

/** A file that defines one command, loaded only when it is wanted: Temporal's packages take 150 ms. */
interface CommandFile {
  readonly name: string;
  readonly load: () => Promise<(definition: Definition) => void | Promise<void>>;
}

const commands: readonly CommandFile[] = [
  { name: 'init', load: async () => (await import('./commands/init.ts')).defineInit },
  { name: 'doctor', load: async () => (await import('./commands/doctor.ts')).defineDoctor },
  { name: 'up', load: async () => (await import('./commands/up.ts')).defineUp },
  { name: 'worker', load: async () => (await import('./commands/worker.ts')).defineWorker },
  { name: 'backup', load: async () => (await import('./commands/backup.ts')).defineBackup },
  { name: 'snapshots', load: async () => (await import('./commands/snapshots.ts')).defineSnapshots },
  { name: 'ls', load: async () => (await import('./commands/ls.ts')).defineLs },
  { name: 'diff', load: async () => (await import('./commands/diff.ts')).defineDiff },
  { name: 'find', load: async () => (await import('./commands/find.ts')).defineFind },
  { name: 'dump', load: async () => (await import('./commands/dump.ts')).defineDump },
  { name: 'restore', load: async () => (await import('./commands/restore.ts')).defineRestore },
  { name: 'rollback', load: async () => (await import('./commands/rollback.ts')).defineRollback },
  { name: 'verify', load: async () => (await import('./commands/verify.ts')).defineVerify },
  { name: 'copy', load: async () => (await import('./commands/copy.ts')).defineCopy },
  { name: 'forget', load: async () => (await import('./commands/forget.ts')).defineForget },
  { name: 'prune', load: async () => (await import('./commands/prune.ts')).definePrune },
  { name: 'cost', load: async () => (await import('./commands/cost.ts')).defineCost },
  { name: 'key', load: async () => (await import('./commands/key.ts')).defineKey },
  { name: 'schedules', load: async () => (await import('./commands/schedules.ts')).defineSchedules },
  { name: 'notify', load: async () => (await import('./commands/notify.ts')).defineNotify },
  { name: 'status', load: async () => (await import('./commands/status.ts')).defineStatus },
  { name: 'health', load: async () => (await import('./commands/status.ts')).defineHealth },
  { name: 'api', load: async () => (await import('./commands/api.ts')).defineApi },
  { name: 'audit', load: async () => (await import('./commands/audit.ts')).defineAudit },
  { name: 'repo', load: async () => (await import('./commands/repo.ts')).defineRepo },
];

const repositoryCommands: readonly CommandFile[] = [
  { name: 'init', load: async () => (await import('./commands/repo/init.ts')).defineRepoInit },
  { name: 'bucket', load: async () => (await import('./commands/repo/bucket.ts')).defineRepoBucket },
  { name: 'backup', load: async () => (await import('./commands/repo/backup.ts')).defineRepoBackup },
  { name: 'snapshots', load: async () => (await import('./commands/snapshots.ts')).defineSnapshots },
  { name: 'ls', load: async () => (await import('./commands/ls.ts')).defineLs },
  { name: 'diff', load: async () => (await import('./commands/diff.ts')).defineDiff },
  { name: 'find', load: async () => (await import('./commands/find.ts')).defineFind },
  { name: 'dump', load: async () => (await import('./commands/dump.ts')).defineDump },
  { name: 'restore', load: async () => (await import('./commands/repo/restore.ts')).defineRepoRestore },
  { name: 'check', load: async () => (await import('./commands/repo/check.ts')).defineRepoCheck },
  { name: 'forget', load: async () => (await import('./commands/forget.ts')).defineForget },
  { name: 'prune', load: async () => (await import('./commands/prune.ts')).definePrune },
  { name: 'copy', load: async () => (await import('./commands/repo/copy.ts')).defineRepoCopy },
  { name: 'move', load: async () => (await import('./commands/repo/move.ts')).defineRepoMove },
  { name: 'tag', load: async () => (await import('./commands/repo/tag.ts')).defineRepoTag },
  { name: 'key', load: async () => (await import('./commands/key.ts')).defineKey },
  { name: 'stats', load: async () => (await import('./commands/repo/stats.ts')).defineRepoStats },
  { name: 'unlock', load: async () => (await import('./commands/repo/unlock.ts')).defineRepoUnlock },
  { name: 'list', load: async () => (await import('./commands/repo/list.ts')).defineRepoList },
  { name: 'cat', load: async () => (await import('./commands/repo/cat.ts')).defineRepoCat },
  { name: 'cache', load: async () => (await import('./commands/repo/cache.ts')).defineRepoCache },
  { name: 'rewrite', load: async () => (await import('./commands/repo/rewrite.ts')).defineRepoRewrite },
  { name: 'repair', load: async () => (await import('./commands/repo/repair.ts')).defineRepoRepair },
  { name: 'recover', load: async () => (await import('./commands/repo/recover.ts')).defineRepoRecover },
  {
    name: 'rebuild-index',
    load: async () => (await import('./commands/repo/rebuild-index.ts')).defineRepoRebuildIndex,
  },
];

/** Defines the commands of the program that the arguments may mean. */
export function defineCommands(definition: Definition): Promise<void> {
  return define(commands, definition);
}

/** Defines the commands of the group `repo` that the arguments may mean. */
export function defineRepositoryCommands(definition: Definition): Promise<void> {
  return define(repositoryCommands, definition);
}

/**
 * Loads the one command that the arguments name. Arguments that name none ask for the version, for help, or misspell
 * a command: then all are needed.
 */
async function define(files: readonly CommandFile[], definition: Definition): Promise<void> {
  const { args } = definition;
  const position = args.findIndex(
    (arg, index) => args[index - 1] !== '--config' && files.some(({ name }) => name === arg),
  );
  const named = files.filter(({ name }) => name === args[position]);
  if (named.length === 0 && args.includes('--version')) return;
  const rest = { ...definition, args: args.slice(position + 1) };
  for (const { load } of named.length > 0 ? named : files) await (await load())(rest);
}
