import { readFile } from 'node:fs/promises';

/** Version of the package. */
export async function programVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
  const version =
    manifest !== null && typeof manifest === 'object' && 'version' in manifest && manifest.version;
  return typeof version === 'string' ? version : '0.0.0';
}
