import { Failure } from '../contracts/failures.ts';

/** The control worker knows the name, so the configurations of two hosts differ. */
export function notHere(field: 'repository' | 'source', name: string): Failure {
  return new Failure('InvalidConfiguration', `The configuration of this host has no ${field} "${name}"`, {
    advice: 'Give all hosts of a namespace the same sources and repositories, and start their workers again.',
  });
}
