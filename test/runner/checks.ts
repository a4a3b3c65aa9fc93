import { spawn } from 'node:child_process';
import type { Report } from './report.ts';

/** Scripts of package.json (`check:types` …) that count as tests. */
export const checkNames = ['types', 'format', 'promises'] as const;

/** The end names the counts; `npm run check` shows all. */
const keptOutputCharacters = 4_096;

/** Runs the checks of the source text at the same time. */
export async function runChecks(
  {
    root,
    names,
    signal,
  }: { readonly root: string; readonly names: readonly string[]; readonly signal: AbortSignal },
  report: Report,
): Promise<void> {
  await Promise.all(
    names.map(async (name) => {
      const startedMs = performance.now();
      const failure = await runScript(`check:${name}`, root, signal);
      const seconds = (performance.now() - startedMs) / 1000;
      if (!signal.aborted) report.record(name, failure === undefined ? { seconds } : { failure });
    }),
  );
}

/** Resolves to what the script printed if it failed. */
function runScript(script: string, cwd: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', script], {
      cwd,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
      signal,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-keptOutputCharacters);
      });
    }
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => resolve(code === 0 ? undefined : output.trim() || `exit code ${code}`));
  });
}
