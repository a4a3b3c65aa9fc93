import { absoluteReference } from './references.ts';

type Environment = Record<string, string>;

/** An environment with the paths of its references made absolute. */
export function withReferencePaths(folder: string, env: Environment): Environment {
  const entries = Object.entries(env).map(([name, value]) => [name, absoluteReference(folder, value)]);
  return Object.fromEntries(entries);
}

/** Lists of programs, each with its environment so. */
export function withEnvironments<Programs extends Record<string, readonly { readonly env: Environment }[]>>(
  folder: string,
  programs: Programs,
): Programs {
  const lists = Object.entries(programs).map(([point, list]) => [
    point,
    list.map((program) => ({ ...program, env: withReferencePaths(folder, program.env) })),
  ]);
  return Object.fromEntries(lists);
}
