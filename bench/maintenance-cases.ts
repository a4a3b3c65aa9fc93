import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { makeAgedRepository } from './aged-repository.ts';
import type { Case, Turn } from './cases.ts';
import { measure } from './measure.ts';
import { password } from './tools.ts';

/** Work on a repository that has aged. */
export const maintenanceCases: readonly Case[] = [
  {
    id: 'P9',
    title: 'prune after half of 100 snapshots were forgotten',
    target: 0.8,
    prepare: copyOfAged,
    run: ({ contender, repository }) => measure(contender.prune(repository)),
  },
];

/** Both contenders get a copy of one repository, which has the key file of one of them. */
async function copyOfAged({ folder, repository, data }: Turn): Promise<void> {
  const original = path.join(folder, 'aged');
  if (!existsSync(original)) await makeAgedRepository(original, { text: data.sql, password });
  await cp(original, repository, { recursive: true });
}
