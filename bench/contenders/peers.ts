import { isFailure } from '../../contracts/failures.ts';
import { borg } from './borg.ts';
import type { Contender } from './contender.ts';
import { restic } from './restic.ts';
import { rustic } from './rustic.ts';

/** restic, and those of the other programs that can be had here; what cannot be had is said. */
export async function peers(names: readonly string[]): Promise<readonly [Contender, ...Contender[]]> {
  const others: Contender[] = [];
  for (const [name, make] of Object.entries({ borg, rustic })) {
    if (!names.includes(name)) continue;
    try {
      others.push(await make());
    } catch (error) {
      if (!isFailure(error, 'ToolMissing') && !isFailure(error, 'ToolFailed')) throw error;
      console.log(`Without ${name}: ${error.message}. ${error.advice}`);
    }
  }
  return [await restic(), ...others];
}
