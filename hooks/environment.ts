import type { HookRequest } from '../contracts/hooks.ts';

/** What a hook's program finds in its environment; docs/hooks.md has the table. Never a secret. */
export function hookEnvironment({ hook, facts }: HookRequest, attempt: number): Record<string, string> {
  const { failure, sources, restore } = facts;
  const values: Record<string, string | number | undefined> = {
    RESGUARDO_HOOK: hook.point,
    RESGUARDO_HOOK_NAME: hook.name,
    RESGUARDO_HOOK_ATTEMPT: attempt,
    RESGUARDO_WORKFLOW: facts.workflow,
    RESGUARDO_WORKFLOW_ID: facts.workflowId,
    RESGUARDO_RUN_ID: facts.runId,
    RESGUARDO_STARTED_AT: facts.startedAt,
    RESGUARDO_STATUS: facts.status,
    RESGUARDO_SOURCE: facts.source,
    RESGUARDO_KIND: facts.kind,
    RESGUARDO_REPOSITORY: facts.repository,
    RESGUARDO_HOST: facts.host,
    RESGUARDO_SCHEDULE: facts.schedule,
    RESGUARDO_TAGS: facts.tags?.join(','),
    RESGUARDO_SNAPSHOT: facts.snapshot,
    RESGUARDO_FILES: facts.files,
    RESGUARDO_BYTES: facts.bytes,
    RESGUARDO_BYTES_ADDED: facts.bytesAdded,
    RESGUARDO_WARNINGS: facts.warnings,
    RESGUARDO_TARGET: restore?.target,
    RESGUARDO_REPLACES: restore?.replaces.join(','),
    RESGUARDO_ROLLBACK: restore?.rollback,
    RESGUARDO_SOURCES: sources?.total,
    RESGUARDO_SOURCES_FAILED: sources?.failed,
    RESGUARDO_FAILED_SOURCES: sources?.failedNames.join(','),
    RESGUARDO_ERROR: failure?.type,
    RESGUARDO_ERROR_MESSAGE: failure?.message,
    RESGUARDO_ERROR_CODE: failure?.exitCode,
  };
  const known = Object.entries(values).flatMap(([name, value]) => {
    const text = `${value ?? ''}`.replaceAll('\0', '');
    return text === '' ? [] : [[name, text] as const];
  });
  return Object.fromEntries(known);
}
