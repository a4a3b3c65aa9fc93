import { captureProgram } from '../programs/capture.ts';

export interface Step {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Settings of package managers and of the way to their registries: proxies, certificates, mirrors. */
const keptVariables =
  /^(?:PIP_|NPM_CONFIG_|NODE_EXTRA_CA_CERTS$|GO[A-Z]|PYENV|VIRTUAL_ENV|SSL_CERT_|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|(?:https?|all|no)_proxy$)/i;

/**
 * Runs one program of an installation to its end and resolves to what it printed.
 * @throws {Failure} ToolMissing, ToolFailed with the program's last lines; the reason of the abort
 */
export async function runStep({ command, args, env = {}, signal }: Step): Promise<string> {
  const kept = Object.entries(process.env).filter(([name]) => keptVariables.test(name));
  const settings: Record<string, string> = {};
  for (const [name, value] of kept) if (value !== undefined) settings[name] = value;
  const { stdout } = await captureProgram({ command, args, env: { ...settings, ...env }, signal });
  return stdout.toString('utf8');
}
