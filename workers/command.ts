import { type CommandSourceConfiguration, isReference } from '../configuration/command-schema.ts';
import { parseDuration } from '../contracts/duration.ts';
import { resolveSecret } from '../secrets/resolve.ts';
import type { Secret } from '../secrets/secret.ts';
import type { Command } from '../sources/command/command.ts';

/** A command of a source, its secrets resolved. */
export async function resolvedCommand(
  words: readonly string[],
  { env: variables, workingFolder, timeout, failurePattern }: CommandSourceConfiguration,
  env: NodeJS.ProcessEnv,
): Promise<Command> {
  const resolved: Record<string, string | Secret> = {};
  for (const [name, value] of Object.entries(variables)) {
    resolved[name] = isReference(value) ? await resolveSecret(value, env) : value;
  }
  const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout);
  return {
    words,
    env: resolved,
    ...(workingFolder !== undefined && { workingFolder }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(failurePattern !== undefined && { failurePattern: new RegExp(failurePattern) }),
  };
}
