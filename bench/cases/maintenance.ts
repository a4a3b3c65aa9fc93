import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { makeAgedRepository } from '../aged-repository.ts';
import { password } from '../contenders/contender.ts';
import { type Measurement, measure } from '../measure.ts';
import type { Case, Turn } from './case.ts';

/** Work on a repository that has aged. */
export const maintenance: readonly Case[] = [
  {
    id: 'P9',
    title: 'prune after half of 100 snapshots were forgotten',
    target: 0.8,
    isFor: ({ opensRestic, prune }) => opensRestic && prune !== undefined,
    prepare: copyOfAged,
    run,
  },
];

/** Both contenders get a copy of one repository, which has the key file of one of them. */
async function copyOfAged({ folder, repository, data }: Turn): Promise<void> {
  const original = path.join(folder, 'aged');
  if (!existsSync(original)) await makeAgedRepository(original, { text: await data.sql(), password });
  await cp(original, repository, { recursive: true });
}

async function run({ contender, repository }: Turn): Promise<Measurement> {
  const command = contender.prune?.(repository);
  if (!command) throw new Error(`${contender.name} has no command to prune`);
  return await measure(command);
}
