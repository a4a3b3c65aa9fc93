import { isReference } from '../configuration/command-schema.ts';
import { parseDuration } from '../contracts/duration.ts';
import type { Command } from '../programs/command.ts';
import { resolveSecret } from '../secrets/resolve.ts';
import type { Secret } from '../secrets/secret.ts';

/** What the configuration says of a program beside its words. */
export interface ProgramSettings {
  readonly env: Readonly<Record<string, string>>;
  readonly workingFolder?: string | undefined;
  readonly timeout?: string | undefined;
  readonly failurePattern?: string | undefined;
}

/** A command of a source or a hook, its secrets resolved. */
export async function resolvedCommand(
  words: readonly string[],
  { env: variables, workingFolder, timeout, failurePattern }: ProgramSettings,
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
