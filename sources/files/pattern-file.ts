import { readFileSync } from 'node:fs';
import { Failure } from '../../contracts/failures.ts';

/**
 * Patterns of a file, with restic's meaning: one a line, without white space around it; empty lines and those that
 * begin with `#` do not count; `$NAME` and `${NAME}` stand for variables of the environment, `$$` for a dollar.
 * @throws {Failure} InvalidConfiguration when it cannot be read
 */
export function readPatternFile(path: string, env: NodeJS.ProcessEnv): readonly string[] {
  return readText(path)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => expand(line, env));
}

/** Text in UTF-8, or in UTF-16 where the file begins with its mark. */
function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(
      'InvalidConfiguration',
      `The file of exclude patterns ${path} cannot be read: ${reason}`,
      {
        cause: error,
      },
    );
  }
  const isBigEndian = bytes[0] === 0xfe && bytes[1] === 0xff;
  const isLittleEndian = bytes[0] === 0xff && bytes[1] === 0xfe;
  const encoding = isBigEndian ? 'utf-16be' : isLittleEndian ? 'utf-16le' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

function expand(line: string, env: NodeJS.ProcessEnv): string {
  return line.replaceAll(/\$(?:\$|\{(\w+)\}|(\w+))/g, (dollar, braced?: string, plain?: string) => {
    const name = braced ?? plain;
    return name === undefined ? dollar.charAt(0) : (env[name] ?? '');
  });
}
