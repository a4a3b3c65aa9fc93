import { access } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { resolve } from 'node:path';
import type { AuditDetail, AuditPort } from '../control/audit.ts';
import type { CommandContext, Work } from './context.ts';
import { partialExitCode } from './failure.ts';

/** How the audit log names what a command does. */
export interface Audited<Arguments extends readonly unknown[]> {
  /** `backup`, `repo.unlock` … */
  readonly action: string;
  /** On what; several have an entry each. None for a call that changes nothing, such as `--dry-run`. */
  readonly subjects: (...args: Arguments) => readonly string[];
  /** Further facts; never a secret. */
  readonly detail?: (...args: Arguments) => AuditDetail;
  /** Whether the command only starts what goes on after it. */
  readonly isStart?: (...args: Arguments) => boolean;
}

/** Makes the work of a command leave its entries in the audit log. */
export function auditedWork<Arguments extends readonly unknown[]>(
  work: Work<Arguments>,
  { action, subjects, detail, isStart }: Audited<Arguments>,
): Work<Arguments> {
  return async (context, ...args) => {
    const named = subjects(...args);
    const log = named.length > 0 ? await openAudit(context) : undefined;
    if (log === undefined) return work(context, ...args);
    const { audited } = await import('../control/audit.ts');
    try {
      const facts = { ...sudoUser(context), ...detail?.(...args) };
      return await audited(
        log.port,
        { origin: 'cli', actor: actor(), action, subjects: named, detail: facts },
        {
          run: () => work(context, ...args),
          end: (exitCode) => {
            if (exitCode === 0 && isStart?.(...args) === true) return undefined;
            const isDone = exitCode === 0 || exitCode === partialExitCode;
            return { outcome: isDone ? 'done' : 'failed', detail: { exitCode } };
          },
        },
      );
    } finally {
      await log.close();
    }
  };
}

/** Notes which snapshots a command removes, before it does: the security monitoring then knows that it was us. */
export async function recordForgotten(
  context: CommandContext,
  repository: string,
  ids: readonly string[],
): Promise<void> {
  const log = await openAudit(context);
  if (log === undefined) return;
  const { forgetEvents } = await import('../audit/forgotten.ts');
  try {
    for (const event of forgetEvents({ origin: 'cli', actor: actor(), repository, ids }))
      await log.port.record(event);
  } finally {
    await log.close();
  }
}

interface OpenAudit {
  readonly port: AuditPort;
  close(): Promise<void>;
}

/**
 * The log of the configuration. Commands that work without a configuration (`repo …` as restic is used) have
 * none where there is none; a configuration that cannot be read stops them no more than a log that cannot be
 * written.
 */
async function openAudit(context: CommandContext): Promise<OpenAudit | undefined> {
  if (!(await hasConfiguration(context))) return undefined;
  const [
    { createAuditPort },
    { AuditLog },
    { openConfiguredCatalog },
    { Later },
    { loadContextConfiguration },
  ] = await Promise.all([
    import('../control/audit.ts'),
    import('../audit/log.ts'),
    import('../control/catalog.ts'),
    import('../control/later.ts'),
    import('./configuration.ts'),
  ]);
  const configuration = await loadContextConfiguration(context).catch(() => undefined);
  // What needs it will tell what is wrong with it.
  if (configuration === undefined) return undefined;
  const { env, output } = context;
  const onWarning = (message: string): void => output.warn(`warning: ${message}`);
  const catalog = new Later(() => openConfiguredCatalog(configuration, { env, onWarning }));
  const told = new Set<string>();
  const port = createAuditPort({
    append: async (event) => new AuditLog((await catalog.get()).database).append(event),
    onProblem: (error) => {
      const reason = error instanceof Error ? error.message : String(error);
      if (!told.has(reason)) output.warn(`warning: this is missing in the audit log: ${reason}`);
      told.add(reason);
    },
  });
  return { port, close: () => catalog.close() };
}

/** Without loading what reads it: `repo …` is to start fast. */
async function hasConfiguration({ configFile, env, cwd }: CommandContext): Promise<boolean> {
  if (configFile !== undefined || env.RESGUARDO_CONFIG || env.BACKUP_DIR) return true;
  const files = [resolve(cwd, 'resguardo.yaml'), '/etc/resguardo/resguardo.yaml'];
  const found = await Promise.all(
    files.map((file) =>
      access(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

function actor(): string {
  return `${userName()}@${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In containers a user may have a number alone.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

/** Whoever became root by sudo; the environment says so, so it is a hint alone. */
function sudoUser({ env }: CommandContext): AuditDetail {
  return env.SUDO_USER ? { sudoUser: env.SUDO_USER } : {};
}

/** The repository that a command means, for the log: by its name or URL, without what a URL may hide. */
export function auditedRepository(selection: {
  readonly repo?: string | undefined;
  readonly repository?: string | undefined;
}): string {
  const { repo, repository } = selection;
  return repository ?? repo?.replace(/\/\/[^@/]*@/, '//') ?? '(default repository)';
}
