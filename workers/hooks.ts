import type { HookConfiguration, HooksConfiguration } from '../configuration/hooks-schema.ts';
import type { Configuration } from '../configuration/load.ts';
import { parseDuration } from '../contracts/duration.ts';
import { Failure } from '../contracts/failures.ts';
import { type HookPoint, type HookRequest, hookPoints, type ResolvedHook } from '../contracts/hooks.ts';
import { describeHook, type Hook } from '../hooks/run.ts';
import { programName } from '../programs/command.ts';
import { programHost } from '../programs/host.ts';
import { resolvedCommand } from './command.ts';

/** The hooks as workflows know them: without commands and secrets. */
export function resolvedHooks(hooks: HooksConfiguration, of?: ResolvedHook['of']): readonly ResolvedHook[] {
  return hookPoints.flatMap((point) =>
    listOf(hooks, point).map((hook, index) => ({
      point,
      index,
      name: nameOf(hook),
      timeoutMs: parseDuration(hook.timeout) ?? 0,
      onError: hook.onError,
      ...(of === undefined ? {} : { of }),
    })),
  );
}

/**
 * A hook of this host's configuration, its secrets resolved.
 * @throws {Failure} HookFailed if the configuration has another one, or none, in its place; SecretUnavailable
 */
export async function createHook(
  { sources, hooks }: Configuration,
  env: NodeJS.ProcessEnv,
  request: Pick<HookRequest, 'source' | 'hook'>,
): Promise<Hook> {
  const { source, hook: wanted } = request;
  const own = source !== undefined && Object.hasOwn(sources, source) ? sources[source]?.hooks : undefined;
  const owner = source === undefined ? hooks : wanted.of === 'restore' ? own?.restore : own;
  const hook = owner === undefined ? undefined : listOf(owner, wanted.point)[wanted.index];
  if (hook === undefined || nameOf(hook) !== wanted.name) {
    throw new Failure('HookFailed', `${describeHook(request)} is not in the configuration of this host`, {
      advice: 'Give all hosts of a namespace the same configuration, and start their workers again.',
    });
  }
  return { command: await resolvedCommand(hook.command, hook, env), host: programHost(env) };
}

function listOf(hooks: HooksConfiguration, point: HookPoint): readonly HookConfiguration[] {
  if (point === 'afterRead') return 'afterRead' in hooks ? hooks.afterRead : [];
  if (point === 'beforeReplace') return 'beforeReplace' in hooks ? hooks.beforeReplace : [];
  return hooks[point];
}

function nameOf({ name, command }: HookConfiguration): string {
  return name ?? programName({ words: command, env: {} });
}
