import type { HookRequest } from '../contracts/hooks.ts';
import { describeHook, runHook } from '../hooks/run.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Step } from './step.ts';

/** How often a hook under way says for how long it has been: its own time-out ends it, not the watchdog. */
const tellEveryMs = 1000;

/** Runs a hook. An attempt whose worker was lost leaves no trace: its program is run again. */
export async function runHookStep(
  { createHook, logger }: ActivityDependencies,
  request: HookRequest,
  { signal, attempt, report }: Step,
): Promise<{ readonly seconds: number }> {
  const { point, name } = request.hook;
  const startedAtMs = performance.now();
  const secondsSince = (): number => Math.round(performance.now() - startedAtMs) / 1000;
  const tell = (): void => report({ current: `${point}: ${name}, ${Math.round(secondsSince())} s` });
  const timer = setInterval(tell, tellEveryMs);
  tell();
  try {
    const hook = await createHook(request);
    const output = await runHook(hook, { request, attempt, signal });
    const seconds = secondsSince();
    logger.info(
      { hook: point, name, source: request.source, seconds, attempt, ...output },
      `${describeHook(request)} has ended well`,
    );
    return { seconds };
  } finally {
    clearInterval(timer);
  }
}
